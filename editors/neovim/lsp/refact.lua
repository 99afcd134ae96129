-- Neovim 0.12: put this folder on the runtimepath, then `vim.lsp.enable('refact')`.
-- `require('refact')` takes ghost text, `:checkhealth refact` says how the server is.
return {
  cmd = { 'refact-lsp' },
  root_markers = { '.git' },
  on_attach = function(client, buffer)
    if client:supports_method('textDocument/inlineCompletion', buffer) then
      vim.lsp.inline_completion.enable(true, { bufnr = buffer })
    end
  end,
}

-- Opens a file, types at its end, waits for ghost text, reads it, accepts it; prints JSON.
-- environment: REFACT_LUA (editors/neovim), FILE, TYPED
local result = {}
local function finish()
  io.stdout:write(vim.json.encode(result) .. '\n')
  vim.cmd('qa!')
end

vim.opt.runtimepath:append(vim.env.REFACT_LUA)
vim.lsp.enable('refact')
vim.cmd.edit(vim.env.FILE)
vim.bo.filetype = 'python'
vim.bo.autoindent, vim.bo.indentexpr = false, ''
vim.wait(20000, function()
  local client = vim.lsp.get_clients({ bufnr = 0, name = 'refact' })[1]
  return client ~= nil and client.initialized
end, 20)
local client = vim.lsp.get_clients({ bufnr = 0, name = 'refact' })[1]
if not client then
  result.error = 'no client'
  finish()
end
result.supports = client:supports_method('textDocument/inlineCompletion', 0)
result.encoding = client.offset_encoding

local function ghosts()
  local found = {}
  for name, namespace in pairs(vim.api.nvim_get_namespaces()) do
    if name:find('inline_completion') then
      for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true })) do
        local text = {}
        for _, chunk in ipairs(mark[4].virt_text or {}) do
          text[#text + 1] = chunk[1]
        end
        for _, line in ipairs(mark[4].virt_lines or {}) do
          text[#text + 1] = '\n'
          for _, chunk in ipairs(line) do
            text[#text + 1] = chunk[1]
          end
        end
        found[#found + 1] = { line = mark[2], column = mark[3], text = table.concat(text) }
      end
    end
  end
  return found
end

local function poll(left)
  local found = ghosts()
  if #found == 0 and left > 0 then
    return vim.defer_fn(function() poll(left - 1) end, 50)
  end
  result.ghosts = found
  result.accepted = vim.lsp.inline_completion.get()
  vim.defer_fn(function()
    result.buffer = vim.api.nvim_buf_get_lines(0, 0, -1, false)
    client:request('refact/status', vim.empty_dict(), function(_, status)
      result.status = status
      client:request('refact/completion/recent', vim.empty_dict(), function(_, recent)
        result.recent = recent
        finish()
      end)
    end)
  end, 300)
end

local keys = vim.api.nvim_replace_termcodes('Go' .. vim.env.TYPED, true, false, true)
vim.api.nvim_feedkeys(keys, 'n', false)
vim.defer_fn(function() poll(300) end, 50)

-- Takes ghost text, whole or by the word. Neovim 0.12 keeps it on the screen while what was typed
-- agrees with it, but would insert it at its old place then: here the range follows the cursor.
local api = vim.api

-- The item as it fits the cursor now, its text without what is typed; nil where they disagree.
local function fitted(item)
  local text, range = item.insert_text, item.range
  if type(text) ~= 'string' or not range then
    return item
  end
  local row, column, end_row, end_column = range:to_extmark()
  local cursor_row, cursor_column = unpack(api.nvim_win_get_cursor(0))
  cursor_row = cursor_row - 1
  if end_row ~= row or cursor_row < row or (cursor_row == row and cursor_column < column) then
    return nil
  end
  local typed = table.concat(api.nvim_buf_get_text(0, row, column, cursor_row, cursor_column, {}), '\n')
  if not vim.startswith(text, typed) then
    return nil
  end
  local to_right = end_column - column -- what the text replaces right of the cursor
  item.insert_text = text:sub(#typed + 1)
  item.range =
    vim.range.extmark(0, cursor_row, cursor_column, cursor_row, cursor_column + to_right)
  return item
end

-- Its first word with the blanks before it, which replaces nothing; the rest comes again.
local function first_word(item)
  item = fitted(item)
  if not item or type(item.insert_text) ~= 'string' or not item.range then
    return item
  end
  local row, column = item.range:to_extmark()
  local text = item.insert_text
  item.insert_text = text:match('^%s*[%w_]+') or text:match('^%s*[^%w_%s]+') or text
  item.range = vim.range.extmark(0, row, column, row, column)
  item.command = nil -- the server sees for itself how much was taken
  return item
end

return {
  -- For `expr` mappings: whether there was ghost text to take.
  accept = function()
    return vim.lsp.inline_completion.get({ on_accept = fitted })
  end,
  accept_word = function()
    return vim.lsp.inline_completion.get({ on_accept = first_word })
  end,
}

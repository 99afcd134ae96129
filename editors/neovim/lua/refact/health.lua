-- `:checkhealth refact`: the server, what serves which role, why nothing came last.
local health = vim.health
local WAIT_MS = 3000

local function ask(client, method, params)
  local answer = client:request_sync(method, params or vim.empty_dict(), WAIT_MS)
  if answer and answer.result then
    return answer.result
  end
  health.error(method .. ' was not answered', answer and answer.err and answer.err.message)
end

local function advice(problem)
  return problem.hint and { problem.hint } or nil
end

local function check_server(client)
  local status = ask(client, 'refact/status')
  if not status then
    return
  end
  health.ok(('refact-lsp %s runs: %s'):format(status.version, status.state))
  for _, problem in ipairs(status.problems) do
    health.warn(problem.message, advice(problem))
  end
  for _, row in ipairs(status.roles) do
    if row.model ~= vim.NIL then
      health.ok(('%s: %s'):format(row.role, row.model))
    else
      health.info(('%s: no model'):format(row.role))
    end
  end
  local recent = ask(client, 'refact/completion/recent', { limit = 1 })
  local last = recent and recent.decisions[1]
  if last then
    local reason = last.reason and (' (%s)'):format(last.reason) or ''
    health.info(('last completion: %s%s, %.0f ms'):format(last.outcome, reason, last.totalMs))
  end
end

return {
  check = function()
    health.start('refact')
    if vim.fn.has('nvim-0.12') == 0 then
      health.error('Neovim 0.12 or newer is needed for inline completion')
    end
    local command = vim.lsp.config.refact and vim.lsp.config.refact.cmd
    if type(command) == 'table' and vim.fn.executable(command[1]) == 0 then
      health.error(command[1] .. ' is not on the path', {
        "Install it, or say where it is: vim.lsp.config('refact', { cmd = { '/path/to/refact-lsp' } })",
      })
    end
    local client = vim.lsp.get_clients({ name = 'refact' })[1]
    if client then
      check_server(client)
    else
      health.warn('No server runs', { "vim.lsp.enable('refact'), then open a file" })
    end
  end,
}

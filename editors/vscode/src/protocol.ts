// Made by `refact-lsp protocol --typescript`; do not edit.

/** What a provider says of the plan's use; balance in US dollars. */
export interface AccountUsage {
  windows: (UsageWindow)[];
  balance?: string;
}

/** Where requests of each kind go, resolved. */
export interface Addresses {
  chat?: string;
  completion?: string;
  embedding?: string;
  models?: string;
}

/** The answer; `role` is always assistant. */
export interface AnswerMessage {
  role: "assistant";
  content: (TextPart | ReasoningPart | ImagePart | FilePart | SearchPart | ToolCallPart | ToolResultPart)[];
}

/** Wait for a sign-in, or hand in what was pasted. */
export interface AuthComplete {
  flowId: string;
  code?: string;
}

/** Forget a sign-in. */
export interface AuthSignOut {
  provider: string;
}

/** Begin a sign-in. */
export interface AuthStart {
  provider: string;
  method?: "browser" | "device" | "paste";
}

/** Where the user goes next. */
export interface AuthStarted {
  flowId: string;
  kind: "browser" | "device" | "paste";
  url: string;
  expiresAt: string;
  userCode?: string;
}

/** Whether a credential is at hand, and where it comes from. */
export interface AuthState {
  state: "expired" | "missing" | "notNeeded" | "ready" | "signedOut";
  source?: "command" | "env" | "file" | "keyring" | "oauth";
  account?: string;
  expiresAt?: string;
}

/** A monthly cap in US dollars; without a provider it counts all of them. */
export interface Budget {
  monthly: string;
  spent: string;
  resetsAt: string;
  provider?: string;
}

/** Set a cap in US dollars; null takes it away. */
export interface BudgetSet {
  monthly: string | null;
  provider?: string;
}

/** Every cap. */
export interface Budgets {
  budgets: (Budget)[];
}

/** What a model can do; token counts where the name says no unit. */
export interface Capabilities {
  contextWindow: number;
  maxOutput: number;
  tools: boolean;
  structuredOutput: boolean;
  agent: boolean;
  vision: boolean;
  pdf: boolean;
  audio: boolean;
  reasoning: Reasoning;
  temperature: boolean;
  tokenizer: string;
  completion: CompletionSupport;
  embedding?: EmbeddingSupport;
  price?: Price;
  knowledgeCutoff?: string;
  status: "active" | "deprecated" | "preview";
}

/** The params of `configure`; what is absent stays. `snooze_ms` 0 wakes up. */
export interface Changes {
  enabled?: boolean;
  snoozeMs?: number;
  languages?: Record<string, boolean>;
  debounceMs?: number | "auto";
  multiline?: "always" | "auto" | "never";
  quiet?: boolean;
}

/** Copy a thread, or its messages before that number. */
export interface ChatFork {
  threadId: string;
  before?: number;
}

/** Which threads to list: those that hold the query, a page at a time. */
export interface ChatThreads {
  query?: string;
  limit?: number;
  cursor?: string;
}

/** One line of the doctor. */
export interface Check {
  name: string;
  ok: boolean;
  detail: string;
  hint?: string;
}

/** What was decided, newest first. */
export interface CompletionDecisions {
  decisions: (Decision)[];
}

/** Which completion to explain; the last one where no id is given. */
export interface CompletionExplain {
  id?: string;
}

/** How many decisions to list. */
export interface CompletionRecent {
  limit?: number;
}

/** From which day on (UTC; a time stands for its day), and summed by what. */
export interface CompletionStats {
  since?: string;
  by?: "day" | "language" | "model";
}

/** One row a key. */
export interface CompletionStatsResult {
  rows: (Row)[];
}

/** How a model fills in the middle, if it does. */
export interface CompletionSupport {
  method: "chat" | "infill" | "none" | "suffix" | "template";
  family?: string;
}

/** The result of `configure`. */
export interface Configured {
  enabled: boolean;
  languages: Record<string, boolean>;
  debounceMs: number | "auto";
  multiline: "always" | "auto" | "never";
  quiet: boolean;
  until?: string;
}

/** A snippet that was put into the prompt. */
export interface ContextUse {
  source: string;
  uri: string;
  range: unknown[];
  tokens: number;
  score: number;
}

/** One row of `refact/completion/recent`. */
export interface Decision {
  id: string;
  at: string;
  uri: string;
  line: number;
  outcome: "accepted" | "acceptedPartly" | "cancelled" | "failed" | "nothing" | "pending" | "rejected" | "shown" | "superseded" | "typedThrough";
  totalMs: number;
  model?: string;
  reason?: string;
  cache?: "exact" | "miss" | "prefetched" | "typedThrough";
}

/** One row of the default-models table. */
export interface Default {
  role: "buddy" | "chat" | "completion" | "embedding" | "light" | "thinking";
  model: string | null;
  fallbacks: (string)[];
  parameters: Parameters;
  effective: Effective;
  problem?: Problem;
}

/** One role as it now stands. */
export interface DefaultResult {
  default: Default;
}

/** Choose a role's model; null clears. */
export interface DefaultSet {
  role: "buddy" | "chat" | "completion" | "embedding" | "light" | "thinking";
  model: string | null;
  fallbacks?: (string)[];
  parameters?: Parameters;
}

/** Ask for sensible models of a provider for roles that have none. */
export interface DefaultsPropose {
  provider: string;
}

/** All six roles. */
export interface DefaultsResult {
  defaults: (Default)[];
}

/** What is on this machine. */
export interface DetectResult {
  found: (Detected)[];
}

/** Something on this machine that a provider could use; `settings` is what `save` takes. */
export interface Detected {
  template: string;
  name: string;
  evidence: string;
  settings: Record<string, unknown>;
  models?: (string)[];
}

/** Every check. */
export interface DoctorResult {
  checks: (Check)[];
}

/** The turn is over. */
export interface Done {
  type: "done";
  finishReason: "cancelled" | "contentFilter" | "length" | "limit" | "stop" | "toolCalls";
}

/** A provider that is not saved yet. */
export interface Draft {
  template: string;
  settings: Record<string, unknown>;
}

/** The model that a role really gets, and why. */
export interface Effective {
  model: string | null;
  via: "explicit" | "fallback" | "none" | "role:chat";
}

/** Vector length, and the most tokens one input may have. */
export interface EmbeddingSupport {
  dimensions: number;
  maxInput: number;
}

/** No fields. */
export type Empty = Record<string, never>;

/** The answer of `refact/completion/explain`. */
export interface Explained {
  id: string;
  model: string;
  provider: string;
  trigger: "automatic" | "explicit";
  cache: "exact" | "miss" | "prefetched" | "typedThrough";
  prompt: string;
  context: (ContextUse)[];
  raw: string;
  shown: string;
  timing: Record<string, number>;
  dropped?: string;
  problem?: Problem;
}

/** One setting of a provider, as a form asks for it. */
export interface Field {
  name: string;
  label: string;
  type: "boolean" | "enum" | "integer" | "map" | "secret" | "string" | "url";
  required: boolean;
  advanced: boolean;
  default?: unknown;
  options?: (Option)[];
  placeholder?: string;
  help?: string;
}

/** A file of the workspace, or a range of it. */
export interface FilePart {
  type: "file";
  uri: string;
  range?: unknown;
}

/** What the last real request said. */
export interface Health {
  state: "error" | "ok" | "unknown";
  checkedAt?: string;
  error?: Problem;
}

/** Base64 `data`, or a `uri` that is read when the turn is built. */
export interface ImagePart {
  type: "image";
  mimeType: string;
  data?: string;
  uri?: string;
}

/** Milliseconds from the request to its answer. */
export interface Latency {
  p50: number;
  p95: number;
}

/** Which requests to list, the newest first. */
export interface LedgerList {
  since?: string;
  provider?: string;
  limit?: number;
}

/** Requests. */
export interface LedgerListed {
  entries: (LedgerRow)[];
}

/** An entry as it is kept and shown; `status` is the HTTP status, or the problem's kind. */
export interface LedgerRow {
  at: string;
  provider: string;
  host: string;
  role: string;
  model: string;
  bytesOut: number;
  bytesIn: number;
  files: (string)[];
  status: string;
}

/** A thread to read elsewhere. */
export interface Markdown {
  markdown: string;
}

/** A stored message; model, finish, usage and cost are an answer's. `seq` counts from 0. */
export interface MessageShown {
  seq: number;
  turnId: string;
  role: "assistant" | "user";
  content: (TextPart | ReasoningPart | ImagePart | FilePart | SearchPart | ToolCallPart | ToolResultPart)[];
  at: string;
  model?: string;
  finishReason?: "cancelled" | "contentFilter" | "length" | "limit" | "stop" | "toolCalls";
  usage?: Usage;
  cost?: string;
}

/** A model of a provider with everything known about it. */
export interface Model {
  id: string;
  provider: string;
  name: string;
  displayName: string;
  source: "api" | "custom" | "registry";
  enabled: boolean;
  known: boolean;
  capabilities: Capabilities;
  sources: Record<string, "api" | "default" | "family" | "registry" | "user">;
  overridden: (string)[];
  roles: ("buddy" | "chat" | "completion" | "embedding" | "light" | "thinking")[];
  ineligible: Record<string, string>;
  wire?: "anthropic-messages" | "claude-print" | "codex-exec" | "embedded" | "llamacpp" | "ollama" | "openai-chat" | "openai-completions" | "openai-embeddings" | "openai-responses";
  maxInput?: number;
}

/** Names a model. */
export interface ModelName {
  model: string;
}

/** What to find out with real requests. */
export interface ModelProbe {
  model: string;
  checks: ("chat" | "completion" | "embedding" | "reasoning" | "tools" | "vision" | "window")[];
}

/** One model as it now stands. */
export interface ModelResult {
  model: Model;
}

/** A custom model, or single capability fields of a listed one. */
export interface ModelSave {
  model: string;
  displayName?: string;
  capabilities?: Record<string, unknown>;
}

/** Asks how a model's tokens are counted; `fetch` gets the vocabulary that is exact for it. */
export interface ModelTokenizer {
  model: string;
  fetch?: boolean;
}

/** Show or hide models. */
export interface ModelsEnable {
  models: (string)[];
  enabled: boolean;
}

/** Which models to list. */
export interface ModelsList {
  provider?: string;
  role?: "buddy" | "chat" | "completion" | "embedding" | "light" | "thinking";
  query?: string;
  includeDisabled?: boolean;
}

/** Models, and the providers that could not be read. */
export interface ModelsListed {
  models: (Model)[];
  problems: (ProviderProblem)[];
}

/** Ask a provider for its models. */
export interface ModelsRefresh {
  provider: string;
}

/** The list as it now stands; `error` says why it is the last known one. */
export interface ModelsRefreshed {
  models: (Model)[];
  error?: Problem;
}

/** Models as they now stand. */
export interface ModelsResult {
  models: (Model)[];
}

/** One choice of an enumerated field. */
export interface Option {
  value: string;
  label: string;
}

/** What a role asks its model with; absent fields are the model's own defaults. */
export interface Parameters {
  temperature?: number;
  maxTokens?: number;
  reasoning?: "high" | "low" | "max" | "medium" | "minimal" | "off";
}

/** US dollars per million tokens, as decimal strings on the wire. */
export interface Price {
  input: string;
  output: string;
  cacheRead?: string;
  cacheWrite?: string;
}

/** A file; without a provider the question is whether anyone at all may receive it. */
export interface PrivacyCheck {
  uri: string;
  provider?: string;
}

/** One rule: what it matches, and who may receive that. */
export interface PrivacyRule {
  name: string;
  patterns: (string)[];
  sendTo: (string)[];
  source: "builtin" | "project" | "user";
}

/** Every rule in force, and the local-only switch. */
export interface PrivacyRules {
  rules: (PrivacyRule)[];
  localOnly: boolean;
}

/** The user's own rules, all of them; what is absent stays. */
export interface PrivacySet {
  rules?: (Zone)[];
  localOnly?: boolean;
}

/** The answer; `rule` decided, `file` is where that rule is written. */
export interface PrivacyVerdict {
  allowed: boolean;
  rule?: string;
  file?: string;
  reason?: string;
}

/** What one check found; `error` where it ended in a problem. */
export interface ProbeResult {
  check: "chat" | "completion" | "embedding" | "reasoning" | "tools" | "vision" | "window";
  ok: boolean;
  detail: string;
  latencyMs: number;
  error?: Problem;
  proposed?: Record<string, unknown>;
}

/** What the checks found. */
export interface ProbeResults {
  results: (ProbeResult)[];
}

/** A failure as front ends see it; absent fields are left out on the wire. */
export interface Problem {
  kind: "authentication" | "badResponse" | "billing" | "budget" | "cancelled" | "contentFilter" | "contextTooLong" | "internal" | "invalidRequest" | "modelNotFound" | "network" | "notConfigured" | "offline" | "overloaded" | "permission" | "privacy" | "rateLimited" | "timeout" | "unsupported";
  message: string;
  hint?: string;
  field?: string;
  provider?: string;
  status?: number;
  retryAfterMs?: number;
  requestId?: string;
}

/** A model for a role, and why; nothing is set. */
export interface Proposal {
  role: "buddy" | "chat" | "completion" | "embedding" | "light" | "thinking";
  model: string;
  reason: string;
}

/** Proposals, at most one a role. */
export interface ProposalResult {
  proposals: (Proposal)[];
}

/** The user's configured instance of a template; a secret is shown as its mask. */
export interface Provider {
  id: string;
  template: string;
  displayName: string;
  enabled: boolean;
  settings: Record<string, unknown>;
  locality: "cloud" | "machine" | "network";
  addresses: Addresses;
  auth: AuthState;
  health: Health;
  modelCount: number;
  enabledModelCount: number;
  modelsFetchedAt?: string;
  modelsStale?: boolean;
}

/** Names a provider. */
export interface ProviderId {
  id: string;
}

/** A provider whose models could not be read, and why. */
export interface ProviderProblem {
  provider: string;
  error: Problem;
}

/** One provider as it now stands. */
export interface ProviderResult {
  provider: Provider;
}

/** Create or update a provider. */
export interface ProviderSave {
  template: string;
  settings: Record<string, unknown>;
  id?: string;
  displayName?: string;
  enabled?: boolean;
}

/** Test a saved provider or a draft. */
export interface ProviderTest {
  id?: string;
  draft?: Draft;
}

/** Every configured provider. */
export interface ProvidersResult {
  providers: (Provider)[];
}

/** How a model thinks, and how that is steered; budgets in tokens. */
export interface Reasoning {
  kind: "always" | "budget" | "effort" | "none" | "toggle";
  levels?: (string)[];
  minBudget?: number;
  maxBudget?: number;
}

/** Thinking shown to the user; `opaque` is the vendor's sealed form, replayed as it came. */
export interface ReasoningPart {
  type: "reasoning";
  text: string;
  opaque?: unknown;
}

/** The model is asked again after a wait; `attempt` counts the tries so far. */
export interface Retry {
  type: "retry";
  attempt: number;
  afterMs: number;
  error: Problem;
}

/** What serves a role right now. */
export interface RoleState {
  role: "buddy" | "chat" | "completion" | "embedding" | "light" | "thinking";
  model: string | null;
  problem?: Problem;
}

/** One row of `refact/completion/stats`. */
export interface Row {
  key: string;
  requests: number;
  shown: number;
  accepted: number;
  acceptedPartly: number;
  typedThrough: number;
  rejected: number;
  acceptedChars: number;
  cacheHits: number;
  tokensIn: number;
  tokensOut: number;
  latencyMs: Latency;
  keptShare?: number;
  cost?: string;
}

/** A question to the index; its hits are put in place. */
export interface SearchPart {
  type: "search";
  query: string;
}

/** The settings that count; warnings name stored values that do not fit. */
export interface SettingsResult {
  settings: Record<string, unknown>;
  warnings?: (string)[];
}

/** Values by their dotted name, such as `completion.debounceMs`; null forgets one. */
export interface SettingsSet {
  values: Record<string, unknown>;
}

/** What the server can do right now, and what is in the way. */
export interface Status {
  version: string;
  state: "busy" | "error" | "offline" | "ready" | "unconfigured";
  roles: (RoleState)[];
  index: Record<string, unknown> | null;
  problems: (Problem)[];
}

/** What a template's providers can serve. */
export interface Supports {
  chat: boolean;
  completion: boolean;
  embedding: boolean;
  modelList: boolean;
}

/** Another model of the role's chain is asked. */
export interface Switched {
  type: "switched";
  from: string;
  to: string;
  error: Problem;
}

/** A provider template, as the user picks it. */
export interface Template {
  id: string;
  name: string;
  notes: string;
  wire: "anthropic-messages" | "claude-print" | "codex-exec" | "embedded" | "llamacpp" | "ollama" | "openai-chat" | "openai-completions" | "openai-embeddings" | "openai-responses";
  local: boolean;
  auth: (string)[];
  fields: (Field)[];
  supports: Supports;
  keyUrl?: string;
  docsUrl?: string;
}

/** Every template. */
export interface TemplatesResult {
  templates: (Template)[];
}

/** What a provider's test found; `addresses` is where it asked. */
export interface TestReport {
  ok: boolean;
  latencyMs: number;
  steps: (TestStep)[];
  modelCount?: number;
  addresses?: Addresses;
  error?: Problem;
}

/** One request of a provider's test. */
export interface TestStep {
  step: string;
  ok: boolean;
  skipped?: boolean;
  detail?: string;
  latencyMs?: number;
  error?: Problem;
}

/** A piece of the answer. */
export interface Text {
  type: "text";
  delta: string;
}

/** Plain text. */
export interface TextPart {
  type: "text";
  text: string;
}

/** A piece of the thinking. */
export interface Thinking {
  type: "reasoning";
  delta: string;
}

/** Names a thread. */
export interface ThreadName {
  threadId: string;
}

/** A thread with its messages. */
export interface ThreadRead {
  id: string;
  title: string;
  createdAt: string;
  updatedAt: string;
  model: string;
  messageCount: number;
  messages: (MessageShown)[];
  system?: string;
  forkedFrom?: string;
  cost?: string;
}

/** A thread as lists show it; `cost` in US dollars, absent where no price is known. */
export interface ThreadShown {
  id: string;
  title: string;
  createdAt: string;
  updatedAt: string;
  model: string;
  messageCount: number;
  cost?: string;
}

/** Threads, the newest first; `cursor` asks for the next page where there is one. */
export interface ThreadsPage {
  threads: (ThreadShown)[];
  cursor?: string;
}

/** Milliseconds since the turn began. */
export interface Timing {
  totalMs: number;
  firstTokenMs?: number;
}

/** How a model's tokens are counted. */
export interface TokenCounting {
  by: "estimate" | "server" | "vocabulary";
  factor: number;
  samples: number;
  route?: string;
  vocabulary?: VocabularyState;
}

/** How much of a vocabulary has come. */
export interface TokenizerProgress {
  model: string;
  receivedBytes: number;
  ofBytes: number;
}

/** How a model's tokens are counted now. */
export interface TokenizerResult {
  counting: TokenCounting;
}

/** One notification. */
export interface Told {
  threadId: string;
  turnId: string;
  seq: number;
  event: Text | Thinking | ToolCall | Retry | Switched | UsageTold | Done;
}

/** A tool that the model may call; `input_schema` is JSON Schema. */
export interface Tool {
  name: string;
  description: string;
  inputSchema?: Record<string, unknown>;
}

/** A complete call; `invalid` says that `arguments` is the raw text of broken JSON. */
export interface ToolCall {
  type: "toolCall";
  id: string;
  name: string;
  arguments: unknown;
  invalid?: boolean;
}

/** `arguments` is the decoded object, or the raw string with `invalid` where it is no JSON. */
export interface ToolCallPart {
  type: "toolCall";
  id: string;
  name: string;
  arguments: unknown;
  invalid?: boolean;
  opaque?: unknown;
}

/** What a tool gave back for the call of that id. */
export interface ToolResultPart {
  type: "toolResult";
  id: string;
  content: string;
  isError?: boolean;
}

/** What the user sends; `content` is text or parts. */
export interface Turn {
  content: string | (TextPart | ReasoningPart | ImagePart | FilePart | SearchPart | ToolCallPart | ToolResultPart)[];
  threadId?: string;
  role?: "buddy" | "chat" | "light" | "thinking";
  model?: string;
  mode?: "agent" | "ask";
  reasoning?: "high" | "low" | "max" | "medium" | "minimal" | "off";
  system?: string;
  tools?: (Tool)[];
  parameters?: Parameters;
  ephemeral?: boolean;
}

/** A finished turn; `cost` in US dollars, absent where no price is known. */
export interface Turned {
  threadId: string;
  turnId: string;
  model: string;
  message: AnswerMessage;
  finishReason: "cancelled" | "contentFilter" | "length" | "limit" | "stop" | "toolCalls";
  usage: Usage;
  timing: Timing;
  cost?: string;
}

/** Tokens of one request: `input_tokens` counts all read, `output_tokens` all written. */
export interface Usage {
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens?: number;
  cacheWriteTokens?: number;
  reasoningTokens?: number;
}

/** Since when, and summed by what. */
export interface UsageAsked {
  by: ("day" | "model" | "provider" | "role")[];
  since?: string;
}

/** One sum; `cost` is absent where no request of it had a price. */
export interface UsageSum {
  keys: (string)[];
  requests: number;
  usage: Usage;
  cost?: string;
}

/** Sums. */
export interface UsageSummary {
  rows: (UsageSum)[];
}

/** Tokens so far, and what they cost in US dollars. */
export interface UsageTold {
  type: "usage";
  usage: Usage;
  cost?: string;
}

/** One limit of a provider's plan. */
export interface UsageWindow {
  name: string;
  unit: string;
  used?: number;
  limit?: number;
  resetsAt?: string;
}

/** A vocabulary that is exact for a model, and whether it is on this machine. */
export interface VocabularyState {
  encoding: string;
  url: string;
  sizeBytes: number;
  present: boolean;
}

/** Path patterns in .gitignore syntax, and who may receive what they match. */
export interface Zone {
  name: string;
  patterns: (string)[];
  sendTo?: (string)[];
  source?: "builtin" | "project" | "user";
}

export interface Methods {
  "refact/auth/complete": { params: AuthComplete; result: ProviderResult };
  "refact/auth/signOut": { params: AuthSignOut; result: Empty };
  "refact/auth/start": { params: AuthStart; result: AuthStarted };
  "refact/budget/get": { params: Empty; result: Budgets };
  "refact/budget/set": { params: BudgetSet; result: Budgets };
  "refact/chat/delete": { params: ThreadName; result: Empty };
  "refact/chat/export": { params: ThreadName; result: Markdown };
  "refact/chat/fork": { params: ChatFork; result: ThreadName };
  "refact/chat/get": { params: ThreadName; result: ThreadRead };
  "refact/chat/send": { params: Turn; result: Turned };
  "refact/chat/stop": { params: ThreadName; result: Empty };
  "refact/chat/threads": { params: ChatThreads; result: ThreadsPage };
  "refact/completion/configure": { params: Changes; result: Configured };
  "refact/completion/explain": { params: CompletionExplain; result: Explained };
  "refact/completion/recent": { params: CompletionRecent; result: CompletionDecisions };
  "refact/completion/stats": { params: CompletionStats; result: CompletionStatsResult };
  "refact/defaults/get": { params: Empty; result: DefaultsResult };
  "refact/defaults/propose": { params: DefaultsPropose; result: ProposalResult };
  "refact/defaults/set": { params: DefaultSet; result: DefaultResult };
  "refact/doctor": { params: Empty; result: DoctorResult };
  "refact/ledger/list": { params: LedgerList; result: LedgerListed };
  "refact/models/delete": { params: ModelName; result: Empty };
  "refact/models/enable": { params: ModelsEnable; result: ModelsResult };
  "refact/models/list": { params: ModelsList; result: ModelsListed };
  "refact/models/probe": { params: ModelProbe; result: ProbeResults };
  "refact/models/refresh": { params: ModelsRefresh; result: ModelsRefreshed };
  "refact/models/save": { params: ModelSave; result: ModelResult };
  "refact/models/tokenizer": { params: ModelTokenizer; result: TokenizerResult };
  "refact/privacy/check": { params: PrivacyCheck; result: PrivacyVerdict };
  "refact/privacy/get": { params: Empty; result: PrivacyRules };
  "refact/privacy/set": { params: PrivacySet; result: PrivacyRules };
  "refact/providers/delete": { params: ProviderId; result: Empty };
  "refact/providers/detect": { params: Empty; result: DetectResult };
  "refact/providers/get": { params: ProviderId; result: ProviderResult };
  "refact/providers/list": { params: Empty; result: ProvidersResult };
  "refact/providers/save": { params: ProviderSave; result: ProviderResult };
  "refact/providers/templates": { params: Empty; result: TemplatesResult };
  "refact/providers/test": { params: ProviderTest; result: TestReport };
  "refact/providers/usage": { params: ProviderId; result: AccountUsage };
  "refact/settings/get": { params: Empty; result: SettingsResult };
  "refact/settings/set": { params: SettingsSet; result: SettingsResult };
  "refact/status": { params: Empty; result: Status };
  "refact/usage/summary": { params: UsageAsked; result: UsageSummary };
}

export interface Notifications {
  "refact/statusChanged": Status;
  "refact/chat/event": Told;
  "refact/models/tokenizerProgress": TokenizerProgress;
}

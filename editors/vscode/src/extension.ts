// Starts the server, shows its state; everything else is the language client's own work.
import * as vscode from "vscode";
import { LanguageClient, TransportKind } from "vscode-languageclient/node";
import type { Decision, Status } from "./protocol";

const ICONS: Record<Status["state"], string> = {
  ready: "$(sparkle)",
  busy: "$(sync~spin)",
  unconfigured: "$(circle-slash)",
  error: "$(warning)",
  offline: "$(plug)",
};
const DECISION_DELAY_MS = 700;

let client: LanguageClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const bar = vscode.window.createStatusBarItem("refact", vscode.StatusBarAlignment.Right, 100);
  bar.name = "Refact";
  bar.command = "refact.status";
  bar.show();
  const state = new State(bar);
  context.subscriptions.push(
    bar,
    vscode.commands.registerCommand("refact.status", () => state.choose()),
    vscode.commands.registerCommand("refact.why", () => state.explain()),
    vscode.commands.registerCommand("refact.toggle", () => state.toggle()),
    vscode.commands.registerCommand("refact.restart", () => restart(state)),
    vscode.workspace.onDidChangeTextDocument(() => state.lookSoon()),
  );
  await start(state);
}

export async function deactivate(): Promise<void> {
  await client?.stop();
}

async function start(state: State): Promise<void> {
  const [command, ...args] = vscode.workspace
    .getConfiguration("refact")
    .get<string[]>("command", ["refact-lsp"]);
  if (!command) {
    state.failed("The setting refact.command is empty.");
    return;
  }
  client = new LanguageClient(
    "refact",
    "Refact",
    { command, args, transport: TransportKind.stdio },
    {
      documentSelector: [{ scheme: "file" }, { scheme: "untitled" }],
      synchronize: { configurationSection: "refact" },
      initializationOptions: { capabilities: { approve: false } },
    },
  );
  client.onNotification("refact/statusChanged", (status: Status) => state.update(status));
  try {
    await client.start();
    state.update(await client.sendRequest<Status>("refact/status", {}));
  } catch (error) {
    state.failed(`${command} did not start: ${String(error)}`);
  }
}

async function restart(state: State): Promise<void> {
  await client?.stop();
  await start(state);
}

/** What the status bar shows: the model, its state, and the reason when nothing came. */
class State {
  private status: Status | undefined;
  private last: Decision | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly bar: vscode.StatusBarItem) {
    bar.text = "$(sync~spin) Refact";
  }

  update(status: Status): void {
    this.status = status;
    this.draw();
  }

  failed(message: string): void {
    this.bar.text = "$(warning) Refact";
    this.bar.tooltip = `${message} Set refact.command to where it is installed.`;
  }

  /** Looks at the last decision once typing pauses, so that the reason shown is today's. */
  lookSoon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.look(), DECISION_DELAY_MS);
  }

  async choose(): Promise<void> {
    const roles = this.status?.roles ?? [];
    await vscode.window.showQuickPick(
      roles.map((row) => ({
        label: row.role,
        description: row.model ?? "no model",
        detail: row.problem ? [row.problem.message, row.problem.hint].join(" ") : undefined,
      })),
      { title: "What serves which role (change it with: refact-lsp defaults set)" },
    );
  }

  async explain(): Promise<void> {
    await this.look();
    const why = this.last ? describe(this.last) : "Nothing was asked yet.";
    void vscode.window.showInformationMessage(`Refact: ${why}`);
  }

  async toggle(): Promise<void> {
    const now = await client?.sendRequest<{ enabled: boolean }>("refact/completion/configure", {});
    const next = await client?.sendRequest<{ enabled: boolean }>("refact/completion/configure", {
      enabled: !now?.enabled,
    });
    void vscode.window.showInformationMessage(
      `Refact: inline completion is ${next?.enabled ? "on" : "off"}.`,
    );
  }

  private async look(): Promise<void> {
    if (!client?.isRunning()) {
      return;
    }
    const recent = await client.sendRequest<{ decisions: Decision[] }>(
      "refact/completion/recent",
      { limit: 1 },
    );
    this.last = recent.decisions[0];
    this.draw();
  }

  private draw(): void {
    const status = this.status;
    if (!status) {
      return;
    }
    const row = status.roles.find((entry) => entry.role === "completion");
    const model = row?.model ?? "no model";
    const reason = this.last?.reason ? ` (${this.last.reason})` : "";
    this.bar.text = `${ICONS[status.state]} ${model}${reason}`;
    const problems = status.problems.map((problem) =>
      [problem.message, problem.hint].filter(Boolean).join(" "),
    );
    const lines = [`Refact ${status.version}: ${status.state}`, ...problems];
    if (this.last) {
      lines.push(describe(this.last));
    }
    this.bar.tooltip = lines.join("\n");
  }
}

function describe(decision: Decision): string {
  const took = `${Math.round(decision.totalMs)} ms`;
  return decision.reason
    ? `Last: nothing, because ${decision.reason} (${took})`
    : `Last: ${decision.outcome} by ${decision.model ?? "no model"} (${took})`;
}

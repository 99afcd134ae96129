// The status bar entry: which model serves, its state, and the reason when nothing comes.
import * as vscode from "vscode";
import type { Decision, Status } from "./protocol";

const ICONS: Record<Status["state"], string> = {
  ready: "$(sparkle)",
  busy: "$(sync~spin)",
  unconfigured: "$(circle-slash)",
  error: "$(warning)",
  offline: "$(plug)",
};
// Reasons that pass by themselves are not worth the bar's space; their names are the server's.
const PASSING = new Set(["superseded", "cancelled", "stale", "staleVersion"]);

export class Bar implements vscode.Disposable {
  status: Status | undefined;
  failure: string | undefined;
  private last: Decision | undefined;
  private readonly item = vscode.window.createStatusBarItem(
    "refact",
    vscode.StatusBarAlignment.Right,
    100,
  );

  constructor() {
    this.item.name = "Refact";
    this.item.command = "refact.status";
    this.item.show();
  }

  dispose(): void {
    this.item.dispose();
  }

  starting(): void {
    this.status = this.failure = this.last = undefined;
    this.item.backgroundColor = undefined;
    this.item.text = "$(sync~spin) Refact";
    this.item.tooltip = "Refact starts its server.";
  }

  failed(message: string): void {
    this.status = undefined;
    this.failure = message;
    this.item.backgroundColor = new vscode.ThemeColor("statusBarItem.errorBackground");
    this.item.text = "$(error) Refact";
    this.item.tooltip = `${message} The setting refact.command says how to start the server.`;
  }

  show(status: Status): void {
    this.status = status;
    this.failure = undefined;
    this.draw();
  }

  decided(last: Decision | undefined): void {
    if (last && !PASSING.has(last.reason ?? "")) {
      this.last = last;
      this.draw();
    }
  }

  /** What became of a request, for a person. */
  sentence(last: Decision): string {
    const took = `${Math.round(last.totalMs)} ms`;
    if (!last.reason) {
      return `The last suggestion came from ${last.model ?? "no model"} in ${took}.`;
    }
    const by = last.model ? ` by ${last.model}` : "";
    const problem = this.status?.problems[0];
    const more = problem ? ` ${[problem.message, problem.hint].filter(Boolean).join(" ")}` : "";
    return `Nothing was suggested${by}: ${words(last.reason)} (${took}).${more}`;
  }

  private draw(): void {
    const status = this.status;
    if (!status) {
      return;
    }
    const model = status.roles.find((row) => row.role === "completion")?.model ?? "no model";
    const reason = this.last?.reason ? ` — ${words(this.last.reason)}` : "";
    this.item.backgroundColor = undefined;
    this.item.text = `${ICONS[status.state]} ${model}${reason}`;
    const lines = [`Refact ${status.version} is ${status.state}; ${model} completes.`];
    lines.push(...status.problems.map((each) => [each.message, each.hint].filter(Boolean).join(" ")));
    if (this.last) {
      lines.push(this.sentence(this.last));
    }
    this.item.tooltip = lines.join("\n");
  }
}

/** A reason's name as words: `notConfident` becomes "not confident". */
function words(reason: string): string {
  return reason.replace(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`);
}

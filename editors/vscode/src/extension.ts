// Starts the server and shows its state; everything else is the language client's own work.
import * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  RevealOutputChannelOn,
  TransportKind,
} from "vscode-languageclient/node";
import { Bar } from "./bar";
import type { Configured, Decision, Status } from "./protocol";

const COMMAND = "refact.command";

let client: LanguageClient | undefined;
let bar: Bar;
let turn: Promise<void> = Promise.resolve();

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  bar = new Bar();
  context.subscriptions.push(
    bar,
    vscode.commands.registerCommand("refact.status", roles),
    vscode.commands.registerCommand("refact.why", why),
    vscode.commands.registerCommand("refact.toggle", toggle),
    vscode.commands.registerCommand("refact.restart", restart),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration(COMMAND)) {
        void restart();
      }
    }),
  );
  await restart();
}

export async function deactivate(): Promise<void> {
  await stop();
}

async function start(): Promise<void> {
  const [command, ...args] = vscode.workspace.getConfiguration().get<string[]>(COMMAND, []);
  if (!command) {
    void complain(`The setting ${COMMAND} is empty.`);
    return;
  }
  bar.starting();
  // A program that is missing may end the connection without an answer to `initialize`.
  let giveUp = (): void => undefined;
  const ended = new Promise<never>((_resolve, reject) => {
    giveUp = () => reject(new Error("ended"));
  });
  ended.catch(() => undefined);
  let answered = false;
  const started = new LanguageClient(
    "refact",
    "Refact",
    { command, args, transport: TransportKind.stdio },
    {
      documentSelector: [{ scheme: "file" }, { scheme: "untitled" }],
      synchronize: { configurationSection: "refact" },
      initializationOptions: { capabilities: { approve: false } },
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => {
          giveUp();
          if (client === started && answered) {
            void complain("The server has ended.");
          }
          return { action: CloseAction.DoNotRestart, handled: true };
        },
      },
      middleware: {
        provideInlineCompletionItems: async (document, position, context, token, next) => {
          const found = await next(document, position, context, token);
          if (!token.isCancellationRequested) {
            void look(started);
          }
          return found;
        },
      },
    },
  );
  // The client's own box says only that no connection could be made; `complain` says what to do.
  started.error = (message, data) => started.outputChannel.appendLine(`${message} ${String(data)}`);
  client = started;
  started.onNotification("refact/statusChanged", (status: Status) => bar.show(status));
  try {
    await Promise.race([started.start(), ended]);
    answered = true;
    bar.show(await started.sendRequest<Status>("refact/status", {}));
  } catch {
    if (client === started) {
      client = undefined;
      void complain(`${command} could not be started.`);
    }
  }
}

async function stop(): Promise<void> {
  const stopped = client;
  client = undefined;
  if (stopped?.isRunning()) {
    await stopped.stop();
  }
  stopped?.outputChannel.dispose();
}

/** One after the other, so that two changes of a setting leave one server. */
function restart(): Promise<void> {
  turn = turn.then(stop).catch(() => undefined).then(start);
  return turn;
}

/** Says what is wrong in the status bar and in a box that leads to the setting. */
async function complain(message: string): Promise<void> {
  bar.failed(message);
  const [setting, again] = ["Open Setting", "Restart"];
  const chosen = await vscode.window.showErrorMessage(
    `Refact: ${message} The setting ${COMMAND} says how to start the server.`,
    setting,
    again,
  );
  if (chosen === setting) {
    // The setting belongs to the machine that runs the server.
    await (vscode.env.remoteName
      ? vscode.commands.executeCommand("workbench.action.openRemoteSettings", { query: COMMAND })
      : vscode.commands.executeCommand("workbench.action.openSettings", COMMAND));
  } else if (chosen === again) {
    await restart();
  }
}

/** Reads what became of the last request. */
async function look(asked: LanguageClient): Promise<Decision | undefined> {
  if (!asked.isRunning()) {
    return undefined;
  }
  const recent = await asked.sendRequest<{ decisions: Decision[] }>("refact/completion/recent", {
    limit: 1,
  });
  const last = recent.decisions[0];
  bar.decided(last);
  return last;
}

async function why(): Promise<void> {
  const last = client && (await look(client));
  const text = last ? bar.sentence(last) : "Nothing was asked yet.";
  void vscode.window.showInformationMessage(`Refact: ${text}`);
}

async function roles(): Promise<void> {
  const status = bar.status;
  if (!status) {
    await complain(bar.failure ?? "The server has not answered yet.");
    return;
  }
  await vscode.window.showQuickPick(
    status.roles.map((row) => ({
      label: row.role,
      description: row.model ?? "no model",
      detail: [row.problem?.message, row.problem?.hint].filter(Boolean).join(" ") || undefined,
    })),
    { title: "What serves which role (change it with: refact-lsp defaults set)" },
  );
}

async function toggle(): Promise<void> {
  const method = "refact/completion/configure";
  const now = await client?.sendRequest<Configured>(method, {});
  if (now) {
    const next = await client?.sendRequest<Configured>(method, { enabled: !now.enabled });
    const state = next?.enabled ? "on" : "off";
    void vscode.window.showInformationMessage(`Refact: inline completion is ${state}.`);
  }
}

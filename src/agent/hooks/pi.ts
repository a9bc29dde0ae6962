// Written by gt: tells the session what the agent does. It is silent, and what goes wrong here is not the agent's affair.
import { spawn } from "node:child_process";

const commands: any = "EVENTS";

const tell = (words: string[], payload: unknown): Promise<string> =>
  new Promise((done) => {
    try {
      const child = spawn(words[0], words.slice(1), { stdio: ["pipe", "pipe", "ignore"] });
      let said = "";
      child.stdout.on("data", (data: unknown) => (said += data));
      child.on("error", () => done(""));
      child.on("close", () => done(said));
      child.stdin.on("error", () => {});
      child.stdin.end(JSON.stringify(payload));
    } catch {
      done("");
    }
  });

const ask = (question: () => unknown): unknown => {
  try {
    return question();
  } catch {
    return undefined;
  }
};

export default function (agent: any) {
  for (const [name, words] of Object.entries(commands) as [string, string[]][]) {
    agent.on(name, async (event: any, context: any) => {
      const said = await tell(words, {
        session_id: ask(() => context.sessionManager.getSessionId()),
        transcript_path: ask(() => context.sessionManager.getSessionFile()),
        prompt: event?.prompt,
        tool_name: event?.toolName,
        // The end of a turn that failed.
        error: event?.willContinue ? undefined : ask(() => event.messages.findLast((one: any) => one.role === "assistant").errorMessage),
      });
      if (!said) return;
      const answer: any = ask(() => JSON.parse(said));
      if (answer?.reason) await ask(() => agent.sendUserMessage(answer.reason, { deliverAs: "followUp" }));
      // After a compaction; it begins no turn.
      const content = name === "session_compact" && answer?.additionalContext;
      if (content) await ask(() => agent.sendMessage({ customType: "gt", content, display: true }, { deliverAs: "nextTurn" }));
    });
  }
}

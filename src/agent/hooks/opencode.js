// Written by gt: tells the session what opencode does. It is silent, and what goes wrong here is not opencode's affair.
import { spawn } from "node:child_process"

const commands = "EVENTS"

const tell = (name, payload) =>
  new Promise((done) => {
    const words = commands[name]
    if (!words) return done("")
    try {
      const child = spawn(words[0], words.slice(1), { stdio: ["pipe", "pipe", "ignore"] })
      let said = ""
      child.stdout.on("data", (data) => (said += data))
      child.on("error", () => done(""))
      child.on("close", () => done(said))
      child.stdin.on("error", () => {})
      child.stdin.end(JSON.stringify(payload))
    } catch {
      done("")
    }
  })

export const Gt = async ({ client }) => {
  // Conversations of helpers that the agent starts for itself.
  const helpers = new Set()
  return {
    event: async ({ event }) => {
      const facts = event.properties ?? {}
      const id = facts.sessionID ?? facts.info?.id
      if (event.type === "session.created" && facts.info?.parentID) helpers.add(id)
      if (helpers.has(id)) return
      const said = await tell(event.type, { session_id: id, error: facts.error?.data?.message ?? facts.error?.name })
      if (!said) return
      try {
        const { reason, additionalContext } = JSON.parse(said)
        const parts = (text) => [{ type: "text", text }]
        if (reason) await client.session.promptAsync({ path: { id }, body: { parts: parts(reason) } })
        // After a compaction; it begins no turn.
        if (event.type === "session.compacted" && additionalContext) {
          await client.session.prompt({ path: { id }, body: { noReply: true, parts: parts(additionalContext) } })
        }
      } catch {}
    },
    "chat.message": async (input, output) => {
      if (helpers.has(input.sessionID)) return
      const prompt = (output.parts ?? []).map((part) => part.text ?? "").join("\n")
      await tell("chat.message", { session_id: input.sessionID, prompt })
    },
    "tool.execute.before": async (input) => {
      if (!helpers.has(input.sessionID)) await tell("tool.execute.before", { session_id: input.sessionID, tool_name: input.tool })
    },
    "tool.execute.after": async (input) => {
      if (!helpers.has(input.sessionID)) await tell("tool.execute.after", { session_id: input.sessionID, tool_name: input.tool })
    },
  }
}

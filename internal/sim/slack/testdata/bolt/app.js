// A small Bolt app in Socket Mode: a slash command opens a modal and posts a message; the modal's
// submission edits it; a button on it is answered over the response_url.
// Environment: SLACK_API_URL, SLACK_APP_TOKEN, SLACK_BOT_TOKEN.
const { App, LogLevel } = require("@slack/bolt");

const app = new App({
  token: process.env.SLACK_BOT_TOKEN,
  appToken: process.env.SLACK_APP_TOKEN,
  socketMode: true,
  logLevel: LogLevel.WARN,
  clientOptions: { slackApiUrl: process.env.SLACK_API_URL },
});

let posted; // the promise of the message: who sees it may submit the modal before its answer is here

app.command("/droplet", async ({ command, ack, client }) => {
  await ack();
  await client.views.open({
    trigger_id: command.trigger_id,
    view: {
      type: "modal",
      callback_id: "reason",
      title: { type: "plain_text", text: "Why?" },
      submit: { type: "plain_text", text: "Send" },
      blocks: [{
        type: "input",
        block_id: "why",
        label: { type: "plain_text", text: "Reason" },
        element: { type: "plain_text_input", action_id: "text" },
      }],
    },
  });
  posted = client.chat.postMessage({
    channel: command.channel_id,
    text: `asked: ${command.text}`,
    blocks: [
      { type: "section", text: { type: "mrkdwn", text: `*${command.text}*` } },
      { type: "actions", elements: [{ type: "button", action_id: "thanks", text: { type: "plain_text", text: "Thanks" } }] },
    ],
  });
  await posted;
});

app.view("reason", async ({ ack, view, client }) => {
  const why = view.state.values.why.text.value;
  if (why.length < 5) {
    await ack({ response_action: "errors", errors: { why: "longer, please" } });
    return;
  }
  await ack();
  const { channel, ts, message } = await posted;
  await client.chat.update({ channel, ts, text: `reason: ${why}`, blocks: message.blocks });
});

app.action("thanks", async ({ ack, respond, body }) => {
  await ack();
  await respond({ text: `you are welcome, <@${body.user.id}>`, replace_original: false });
});

app.event("app_mention", async ({ event, say }) => {
  await say({ text: `heard <@${event.user}>`, thread_ts: event.ts });
});

app.start();

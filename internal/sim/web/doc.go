// Package web is the page of the demo: a window into the built-in Slack and the built-in
// DigitalOcean, from which anyone can use the whole product in a browser. It shows a channel with
// its messages, threads, cards and modals as Slack's client draws them, lets one person ask as one
// and approve as another, and beside it shows the Droplets as DigitalOcean sees them.
//
// It knows nothing of Dropletops: what it shows is what the app sent to Slack, and what it does is
// what a person in Slack can do. It decides nothing and keeps nothing but what a browser tab shows.
//
// # The page
//
// Its files are embedded, loaded from nowhere else and not built by anything. What comes from
// outside is put on it as text nodes; a Content-Security-Policy with Trusted Types makes the browser
// refuse anything else.
//
// GET events?as=alice is a stream of Server-Sent Events. Each connection begins with everything that
// alice sees ("whole"), then come the parts that changed; see [Server.Handler] for the rest.
//
// # Hooks for browser tests
//
// These data-testid attributes stay as they are:
//
//	person-select        the <select> of who one is; its values are user names: alice, bob, …
//	channel-<name>       a channel's button in the list; channel-app for the direct message
//	composer, send       where one types, and its button; Enter sends too
//	message              a message that everybody sees, with data-ts
//	ephemeral            one that only the chosen person sees, with data-ts
//	replies              under a message: opens its thread ("2 replies")
//	reply-in-thread      on a message: opens its thread, also where nobody answered yet
//	shortcut-<callback_id>  on a message: a shortcut of the app
//	thread               the thread's pane; in it thread-composer, thread-send, thread-close
//	button-<action_id>   a button; select-<action_id>, input-<action_id>, choice-<action_id> and
//	                     overflow-<action_id> are the other elements
//	option               an option of the open menu, with data-value; the .listbox that they are in
//	                     is aria-busy until it is of what stands in the field
//	confirm              Slack's confirm dialog; in it confirm-yes, confirm-no
//	modal                the modal; in it modal-submit, modal-close, modal-x
//	droplet-<id>         a Droplet, with data-name and data-status
//	notice               what the page itself has to say, such as that the app did not answer
//	show-chat, show-droplets  the tabs of a narrow window
package web

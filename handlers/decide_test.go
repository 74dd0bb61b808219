package handlers

import (
	"errors"
	"testing"

	"dropletops/approvals"
)

func button(action, request, block string) object {
	return object{"type": "button", "action_id": action, "block_id": block, "value": request}
}

func TestDecide(t *testing.T) {
	const foreign = "You belong to another workspace. Only full members of this workspace may use Dropletops."
	for _, tc := range []struct {
		name, text, user, action, want string
		state                          approvals.State
	}{
		{"approve", "rebuild web-1 debian-12-x64", "UBOB", "approve", "", approvals.Running},
		{"deny", "rebuild web-1 debian-12-x64", "UBOB", "deny", "", approvals.Denied},
		{"cancel", "rebuild web-1 debian-12-x64", "UALICE", "cancel", "", approvals.Canceled},
		{"confirm", "enable-ipv6 web-3", "UALICE", "confirm", "", approvals.Running},
		{"approve one's own", "rebuild web-1 debian-12-x64", "UALICE", "approve", "*rebuild web-1 with debian-12-x64:* You asked for this, so you can't approve it: another full member of this workspace must.", approvals.Pending},
		{"cancel another's", "rebuild web-1 debian-12-x64", "UBOB", "cancel", "*rebuild web-1 with debian-12-x64:* Only <@UALICE>, who asked for this, may cancel it. Whoever may approve it can deny it.", approvals.Pending},
		{"confirm another's", "enable-ipv6 web-3", "UBOB", "confirm", "*enable-ipv6 web-3:* Only <@UALICE>, who asked for this, may confirm it.", approvals.Pending},
		{"a guest", "rebuild web-1 debian-12-x64", "UGUEST", "approve", "*rebuild web-1 with debian-12-x64:* You are a guest in this workspace. Only full members of this workspace may use Dropletops.", approvals.Pending},
		{"a foreigner", "rebuild web-1 debian-12-x64", "UFOREIGN", "approve", "*rebuild web-1 with debian-12-x64:* " + foreign, approvals.Pending},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBench(t)
			r := b.asks(b.slash("UALICE", tc.text))
			b.refused(b.click(tc.user, r.Card, button(tc.action, r.ID, "decide:"+r.Shown())), tc.want)
			if got := b.store.requests[r.ID].State; got != tc.state {
				t.Errorf("it is %s, want %s", got, tc.state)
			}
		})
	}
}

// A button counts on the card it was made for, in the version that is clicked.
func TestDecideOnWhatIsShown(t *testing.T) {
	b := newBench(t)
	r := b.asks(b.slash("UALICE", "rebuild web-1 debian-12-x64"))
	other := b.asks(b.slash("UALICE", "rebuild web-2 debian-12-x64"))
	b.refused(b.click("UBOB", other.Card, button("approve", r.ID, "decide:"+r.Shown())),
		"This button does not belong to this message: it does nothing. The request's own card is the one that counts.")
	lost := approvals.MessageRef{ChannelID: "C1", TS: "1700000000.000999"}
	for _, tc := range []struct {
		on    approvals.MessageRef
		bears string
		stray bool
	}{{lost, r.ID, true}, {lost, other.ID, false}, {r.Card, r.ID, false}, {other.Card, other.ID, false}} {
		e := b.take("interactive", object{"type": "block_actions", "user": object{"id": "UALICE", "team_id": "T1"}, "channel": object{"id": "C1"},
			"container": object{"channel_id": "C1", "message_ts": tc.on.TS}, "actions": []object{button("approve", r.ID, "decide:"+r.Shown())},
			"message": object{"ts": tc.on.TS, "blocks": []object{{"type": "header"}, {"type": "context", "elements": []object{{"type": "mrkdwn", "text": "x"}}},
				{"type": "actions", "elements": []object{button("approve", tc.bears, "decide:x")}}}}})
		reply, err := b.Handle(t.Context(), e)
		if err != nil || reply.To == (Address{}) || (reply.Stray != nil) != tc.stray || tc.stray && *reply.Stray != (Stray{r.ID, lost}) {
			t.Errorf("%+v: stray %+v, %v", tc, reply.Stray, err)
		}
	}
	b.refused(b.click("UBOB", r.Card, button("approve", r.ID, "decide:"+other.Shown())),
		"*rebuild web-1 with debian-12-x64:* What this card showed has changed since. Look at it again, then decide.")
	b.refused(b.click("UBOB", r.Card, button("approve", "r-forged", "decide:"+r.Shown())),
		"This button belongs to no request that is known here.")
	stranger := b.take("interactive", object{"type": "block_actions", "user": object{"id": "UBOB", "team_id": "T2"}, "channel": object{"id": "C1"},
		"container": object{"channel_id": "C1", "message_ts": r.Card.TS}, "actions": []object{button("approve", r.ID, "decide:"+r.Shown())}})
	b.refused(stranger, "*rebuild web-1 with debian-12-x64:* You belong to another workspace. Only full members of this workspace may use Dropletops.")
	if r.State != approvals.Pending || other.State != approvals.Pending {
		t.Error("one was decided")
	}
	card := r.Card
	r.Card = approvals.MessageRef{}
	if _, err := b.Handle(t.Context(), b.click("UBOB", card, button("approve", r.ID, "decide:"+r.Shown()))); !errors.Is(err, approvals.ErrCardNotPlaced) {
		t.Errorf("before the card is placed: %v", err)
	}
}

func TestClicksOnOtherThings(t *testing.T) {
	b := newBench(t)
	b.refused(b.click("UBOB", menu, button("frobnicate", "x", "y")), "")
	b.refused(b.click("UBOB", menu, object{}), "")
	b.refused(b.take("interactive", object{"type": "view_submission", "user": object{"id": "UBOB"}}), "")
	b.refused(b.take("interactive", object{"type": "message_action", "user": object{"id": "UBOB"}, "channel": object{"id": "C1"}}), "")
	b.refused(b.take("interactive", object{"type": "shortcut", "callback_id": "operate", "user": object{"id": "UBOB"}}), "")
	b.refused(b.take("hello", object{}), "")
}

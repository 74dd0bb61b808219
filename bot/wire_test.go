package bot

import (
	"context"
	"errors"
	"net"
	"sync"
)

// wire is a network in memory, so that real slack-go, net/http and WebSockets
// run under synctest's clock.
type wire struct {
	incoming chan net.Conn
	closed   chan struct{}
	once     sync.Once

	mu   sync.Mutex
	down bool
}

func newWire() *wire { return &wire{incoming: make(chan net.Conn), closed: make(chan struct{})} }

// cut makes every new connection fail, as a network that is gone does.
func (w *wire) cut(down bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = down
}

func (w *wire) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	w.mu.Lock()
	down := w.down
	w.mu.Unlock()
	if down {
		return nil, errors.New("dial tcp: network is unreachable")
	}
	near, far := net.Pipe()
	select {
	case w.incoming <- far:
		return near, nil
	case <-w.closed:
		return nil, errors.New("dial tcp: connection refused")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (w *wire) Accept() (net.Conn, error) {
	select {
	case c := <-w.incoming:
		return c, nil
	case <-w.closed:
		return nil, net.ErrClosed
	}
}

func (w *wire) Close() error {
	w.once.Do(func() { close(w.closed) })
	return nil
}

func (w *wire) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

package bot

import (
	"errors"
	"io"
	"net/http"
)

// maxBody is how much of an answer of Slack's is read, after it was decompressed: a few
// kilobytes of gzip can stand for gigabytes. A page of a long thread is about 1 MB.
const maxBody = 16 << 20

var errTooBig = errors.New("the answer is longer than 16 MiB")

// bodyLimit lets no more than maxBody be read of each answer.
type bodyLimit struct{ http.RoundTripper }

func (b bodyLimit) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = &limitedBody{resp.Body, maxBody}
	return resp, nil
}

// CloseIdleConnections is what [http.Client.CloseIdleConnections] looks for.
func (b bodyLimit) CloseIdleConnections() {
	if t, ok := b.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

type limitedBody struct {
	io.ReadCloser
	room int
}

func (l *limitedBody) Read(p []byte) (int, error) {
	if l.room <= 0 {
		return 0, errTooBig
	}
	n, err := l.ReadCloser.Read(p[:min(len(p), l.room)])
	l.room -= n
	return n, err
}

package digitalocean

import "strconv"

// DigitalOcean's pages, from its OpenAPI document: 20 entries by default, 200 at the most.
const (
	defaultPerPage = 20
	maxPerPage     = 200
)

type pages struct {
	First string `json:"first,omitempty"`
	Prev  string `json:"prev,omitempty"`
	Next  string `json:"next,omitempty"`
	Last  string `json:"last,omitempty"`
}

type links struct {
	Pages   *pages       `json:"pages,omitempty"`
	Actions []linkAction `json:"actions,omitempty"`
}

type linkAction struct {
	ID   int    `json:"id"`
	Rel  string `json:"rel"`
	Href string `json:"href"`
}

type meta struct {
	Total int `json:"total"`
}

// page is one page of a list under its key, with links.pages where there are others and meta.total.
func page[T any](c *call, key string, all []T) (answer, *refusal) {
	from, to, l, refused := c.window(len(all))
	if refused != nil {
		return answer{}, refused
	}
	entries := all[from:to]
	if entries == nil {
		entries = []T{}
	}
	return answer{200, map[string]any{key: entries, "links": l, "meta": meta{len(all)}}}, nil
}

// window is the part of a list of n that the query asks for.
func (c *call) window(n int) (from, to int, l links, refused *refusal) {
	perPage, refused := c.positive("per_page", defaultPerPage, maxPerPage)
	if refused != nil {
		return 0, 0, links{}, refused
	}
	number, refused := c.positive("page", 1, 0)
	if refused != nil {
		return 0, 0, links{}, refused
	}
	last := max((n+perPage-1)/perPage, 1)
	p := pages{}
	if number > 1 {
		p.First, p.Prev = c.pageURL(1), c.pageURL(min(number-1, last))
	}
	if number < last {
		p.Next, p.Last = c.pageURL(number+1), c.pageURL(last)
	}
	if p != (pages{}) {
		l.Pages = &p
	}
	from = min((number-1)*perPage, n)
	return from, min(from+perPage, n), l, nil
}

// positive is a number from the query, from 1 to most (no bound where that is 0). What the OpenAPI
// document's schema excludes is refused (wording ours).
func (c *call) positive(name string, otherwise, most int) (int, *refusal) {
	text := c.query.Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	switch {
	case err != nil:
		return 0, badRequest("%s must be a number.", name)
	case n < 1:
		return 0, badRequest("%s must be greater than or equal to 1.", name)
	case most > 0 && n > most:
		return 0, badRequest("%s must be less than or equal to %d.", name, most)
	case n > 1<<31:
		return 0, badRequest("%s is too large.", name)
	}
	return n, nil
}

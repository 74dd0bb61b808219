// Package policy is the policy file: it reads the YAML, compiles its conditions,
// and judges requests by it ([approvals.Policy]). A file is taken whole or not at
// all, with every problem named by line and column; conditions are CEL
// expressions, type-checked and bounded in cost when they are read, so that what
// can be said to be wrong is said before a request is judged by it.
//
// It fails closed: a condition that can't be worked out denies, and a membership
// that can't be looked up is an error, never a yes. A rule that is skipped because
// it fails could be the one that denies.
//
// It never decides anything about a request itself, never talks to Slack or to
// DigitalOcean, and keeps nothing. What a file may say is in docs/POLICY.md.
package policy

package policy

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
)

// CEL's messages are of a compiler; these are ours for the same.
var (
	undefinedField = regexp.MustCompile(`^undefined field '(.*)'$`)
	undeclared     = regexp.MustCompile(`^undeclared reference to '(.*)' \(in container '.*'\)$`)
	noOverload     = regexp.MustCompile(`^found no matching overload for '(.*)' applied to '(.*)'$`)
	unexpected     = regexp.MustCompile(`^expected type '(.*)' but found '(.*)'$`)
	syntaxError    = regexp.MustCompile(`(?s)^Syntax error: (.*)$`)
	expecting      = regexp.MustCompile(` expecting .*$`)
)

func syntaxSentence(message string) string {
	what := oneLine(message)
	if m := syntaxError.FindStringSubmatch(message); m != nil {
		what = expecting.ReplaceAllString(oneLine(m[1]), "")
	}
	what = strings.NewReplacer("'<EOF>'", "the end", "mismatched input", "unexpected", "extraneous input", "unexpected",
		"no viable alternative at input", "unexpected", "token recognition error at:", "unexpected").Replace(what)
	return "This is no expression: " + what + "."
}

// checkSentence words what the type check found.
func checkSentence(env *cel.Env, a *cel.Ast, issue *cel.Error) (sentence, hint string) {
	if m := undefinedField.FindStringSubmatch(issue.Message); m != nil {
		return fieldSentence(a, issue.ExprID, m[1])
	}
	if m := undeclared.FindStringSubmatch(issue.Message); m != nil {
		return nameSentence(env, m[1])
	}
	if m := noOverload.FindStringSubmatch(issue.Message); m != nil {
		return typeSentence(m[1], m[2])
	}
	if m := unexpected.FindStringSubmatch(issue.Message); m != nil {
		return fmt.Sprintf("Here must be %s, and this is %s.", typeWords(m[1]), typeWords(m[2])), ""
	}
	if issue.Message == "invalid matches argument" {
		return "This is no regular expression.", "RE2's: https://github.com/google/re2/wiki/Syntax"
	}
	return "This is wrong: " + oneLine(issue.Message) + ".", ""
}

// fieldSentence says that a variable has no such field.
func fieldSentence(a *cel.Ast, id int64, name string) (string, string) {
	var of *kind
	what := "This"
	ast.PreOrderVisit(a.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.ID() != id || e.Kind() != ast.SelectKind || e.AsSelect().Operand().Kind() != ast.IdentKind {
			return
		}
		what = e.AsSelect().Operand().AsIdent()
		for _, v := range variables {
			for _, k := range kinds {
				if v.name == what && v.typ == k.typ {
					of = k
				}
			}
		}
	}))
	if of == nil {
		return fmt.Sprintf("There is no field %q here.", name), ""
	}
	return fmt.Sprintf("%s has no field %q.", what, name), didYouMean(name, of.names())
}

// nameSentence says that there is no such variable or function.
func nameSentence(env *cel.Env, name string) (string, string) {
	var names []string
	for _, v := range variables {
		names = append(names, v.name)
	}
	if near := didYouMean(name, names); strings.HasPrefix(near, "did") {
		return fmt.Sprintf("There is no %q.", name), near
	}
	functions := slices.DeleteFunc(slices.Sorted(maps.Keys(env.Functions())), func(f string) bool { return strings.ContainsAny(f, "_@!") })
	if near := didYouMean(name, functions); strings.HasPrefix(near, "did") {
		return fmt.Sprintf("There is no %q.", name), near
	}
	return fmt.Sprintf("There is no %q.", name), "there is: " + strings.Join(names, ", ") + `; a text stands in quotes`
}

// operators are CEL's names of what is written with signs.
var operatorSigns = map[string]string{"_==_": "==", "_!=_": "!=", "_&&_": "&&", "_||_": "||", "!_": "!", "_<_": "<", "_<=_": "<=",
	"_>_": ">", "_>=_": ">=", "_+_": "+", "_-_": "-", "_*_": "*", "_/_": "/", "_%_": "%", "@in": "in", "_[_]": "[]", "_?_:_": "?:", "-_": "-"}

// typeSentence says that an operator or a function does not take what it is given.
func typeSentence(function, applied string) (string, string) {
	list := strings.Split(strings.Trim(applied, "()"), ", ")
	for i, t := range list {
		list[i] = typeWords(t)
	}
	sign, ok := operatorSigns[function]
	if !ok {
		if of, args, method := strings.Cut(applied, ".("); method {
			return fmt.Sprintf("%s of %s does not take (%s).", function, typeWords(of), strings.TrimSuffix(args, ")")), functionHint(function)
		}
		return fmt.Sprintf("%s does not take %s.", function, applied), functionHint(function)
	}
	hint := ""
	switch sign {
	case "==", "!=", "<", "<=", ">", ">=":
		hint = "both sides must be of one kind"
		if strings.Contains(applied, "string") && strings.Contains(applied, "int") {
			hint = `a text stands in quotes, a number does not`
		}
		if strings.Contains(applied, "list(") {
			hint = `for a list write "production" in droplet.tags`
		}
	case "&&", "||", "!":
		hint = "each side must be true or false"
	case "in":
		hint = `it is written "production" in droplet.tags`
	}
	return fmt.Sprintf("%s can't be used between %s.", sign, strings.Join(list, " and ")), hint
}

func functionHint(f string) string {
	switch {
	case strings.HasPrefix(f, "get"):
		return `such as now.getHours("Europe/Berlin")`
	case f == "glob":
		return `it is written glob(droplet.name, "db-*")`
	}
	return ""
}

// typeWords names a type to people.
func typeWords(t string) string {
	switch t {
	case "string":
		return "a text"
	case "int", "uint", "double":
		return "a number"
	case "bool":
		return "true or false"
	case "timestamp", "google.protobuf.Timestamp":
		return "a time"
	case "duration", "google.protobuf.Duration":
		return "a duration"
	case "list(string)":
		return "a list of texts"
	case "map(string, string)":
		return "a mapping"
	case "Action", "Droplet", "Requester":
		return "the whole " + strings.ToLower(t)
	}
	return t
}

package store

import (
	"encoding/json"
	"reflect"
	"strings"
)

// keep writes v as JSON, and puts back into it what was there before and this
// version knows nothing of: while replicas are replaced one after the other, what a
// newer one wrote must come through a change by an older one.
func keep(was string, v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil || was == "" || was == string(b) {
		return string(b), err
	}
	kept, more := graft(json.RawMessage(was), b, reflect.TypeOf(v))
	if !more {
		return string(b), nil
	}
	return string(kept), nil
}

// graft answers fresh, the JSON of a t, together with what was has beyond a t, and
// whether there is such a thing.
func graft(was, fresh json.RawMessage, t reflect.Type) (json.RawMessage, bool) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Struct:
		return graftFields(was, fresh, t)
	case reflect.Slice:
		return graftElements(was, fresh, t.Elem())
	}
	return fresh, false
}

func graftFields(was, fresh json.RawMessage, t reflect.Type) (json.RawMessage, bool) {
	var before, now map[string]json.RawMessage
	if json.Unmarshal(was, &before) != nil || json.Unmarshal(fresh, &now) != nil || now == nil {
		return fresh, false // a time or the like, which is no object; or null
	}
	known, more := map[string]reflect.Type{}, false
	fieldsOf(t, known)
	for name, value := range before {
		field, ours := known[name]
		at, there := now[name]
		switch {
		case !ours:
			now[name], more = value, true
		case there:
			if kept, grew := graft(value, at, field); grew {
				now[name], more = kept, true
			}
		}
	}
	return rewritten(fresh, now, more)
}

// graftElements keeps what is unknown in an element of a list that has not changed
// in what is known of it: another one in its place may be something else.
func graftElements(was, fresh json.RawMessage, t reflect.Type) (json.RawMessage, bool) {
	var before, now []json.RawMessage
	if json.Unmarshal(was, &before) != nil || json.Unmarshal(fresh, &now) != nil {
		return fresh, false
	}
	more := false
	for i := range min(len(before), len(now)) {
		v := reflect.New(t)
		if json.Unmarshal(before[i], v.Interface()) != nil {
			continue
		}
		if known, err := json.Marshal(v.Elem().Interface()); err != nil || string(known) != string(now[i]) {
			continue
		}
		if kept, grew := graft(before[i], now[i], t); grew {
			now[i], more = kept, true
		}
	}
	return rewritten(fresh, now, more)
}

func rewritten(fresh json.RawMessage, now any, more bool) (json.RawMessage, bool) {
	if !more {
		return fresh, false
	}
	b, err := json.Marshal(now)
	if err != nil {
		return fresh, false
	}
	return b, true
}

// fieldsOf collects the names under which a struct's fields stand in its JSON.
func fieldsOf(t reflect.Type, into map[string]reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct:
			fieldsOf(f.Type, into)
		case f.IsExported() && f.Tag.Get("json") != "-":
			if name == "" {
				name = f.Name
			}
			into[name] = f.Type
		}
	}
}

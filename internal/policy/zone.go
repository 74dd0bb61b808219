package policy

import (
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"
)

// clockParts are the functions that read a part of a time, as CEL's specification
// counts them: months, days of the year and of the month from 0, but getDate.
var clockParts = map[string]func(time.Time) int{
	"getFullYear":     time.Time.Year,
	"getMonth":        func(t time.Time) int { return int(t.Month()) - 1 },
	"getDayOfYear":    func(t time.Time) int { return t.YearDay() - 1 },
	"getDayOfMonth":   func(t time.Time) int { return t.Day() - 1 },
	"getDate":         time.Time.Day,
	"getDayOfWeek":    func(t time.Time) int { return int(t.Weekday()) },
	"getHours":        time.Time.Hour,
	"getMinutes":      time.Time.Minute,
	"getSeconds":      time.Time.Second,
	"getMilliseconds": func(t time.Time) int { return t.Nanosecond() / int(time.Millisecond) },
}

// zoned is such a call with its time zone loaded. CEL's own reads the zone from the
// disk each time it is asked, 13 µs of it.
type zoned struct {
	interpreter.InterpretableV2
	of   interpreter.InterpretableV2
	part func(time.Time) int
	zone *time.Location
}

// Exec answers the part.
func (z *zoned) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	v := z.of.Exec(frame)
	t, ok := v.(types.Timestamp)
	if !ok {
		return z.InterpretableV2.Exec(frame) // an error: CEL words it
	}
	return types.Int(z.part(t.In(z.zone)))
}

// loadZones loads the time zones that an expression names, once.
func loadZones() cel.ProgramOption {
	return cel.CustomDecoratorV2(func(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
		call, ok := i.(interpreter.InterpretableCall)
		if !ok || len(call.Args()) != 2 || clockParts[call.Function()] == nil {
			return i, nil
		}
		name, ok := call.Args()[1].(interpreter.InterpretableConst)
		if !ok {
			return i, nil
		}
		s, ok := name.Value().(types.String)
		if !ok {
			return i, nil
		}
		zone, err := time.LoadLocation(string(s))
		if err != nil { // an offset such as +01:00, which needs no loading
			return i, nil
		}
		return &zoned{InterpretableV2: i, of: call.Args()[0], part: clockParts[call.Function()], zone: zone}, nil
	})
}

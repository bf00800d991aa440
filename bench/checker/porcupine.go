// A peer for the checker's benchmarks: Porcupine on one file, the model written after S2's and Porcupine's own.
//
//	porcupine stream FILE SECONDS | kv FILE SECONDS | kv-whole FILE SECONDS
//
// prints "verdict milliseconds processor-milliseconds", both of the check alone, the latter of all its threads. Built in a temporary folder; see peer.ts.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/bits"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/anishathalye/porcupine"
)

func main() {
	seconds, _ := strconv.ParseFloat(os.Args[3], 64)
	limit := time.Duration(seconds * float64(time.Second))
	switch os.Args[1] {
	case "stream":
		report(streamModel.ToModel(), readStream(os.Args[2]), limit)
	case "kv":
		report(kvModel(true), readKv(os.Args[2]), limit)
	case "kv-whole":
		report(kvModel(false), readKv(os.Args[2]), limit)
	}
}

func report(model porcupine.Model, events []porcupine.Event, limit time.Duration) {
	start, worked := time.Now(), processorTime()
	result := porcupine.CheckEventsTimeout(model, events, limit)
	milliseconds := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	fmt.Printf("%s %.3f %.3f\n", result, milliseconds(time.Since(start)), milliseconds(processorTime()-worked))
}

func processorTime() time.Duration {
	var usage syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

type appendCall struct {
	NumRecords      uint64   `json:"num_records"`
	RecordHashes    []uint64 `json:"record_hashes"`
	SetFencingToken *string  `json:"set_fencing_token"`
	FencingToken    *string  `json:"fencing_token"`
	MatchSeqNum     *uint64  `json:"match_seq_num"`
}

type call struct {
	batch *appendCall
}

type answer struct {
	failed, definite bool
	Tail             uint64  `json:"tail"`
	StreamHash       *uint64 `json:"stream_hash"`
}

type state struct {
	tail, hash uint64
	hasToken   bool
	token      string
}

func chain(seed, record uint64) uint64 {
	seed ^= uint64(bits.ReverseBytes32(uint32(seed))) << 32
	h := bits.RotateLeft64(record, 32) ^ ((0x1cad21f72c81017c ^ 0xdb979083e96dd4de) - seed)
	h ^= bits.RotateLeft64(h, 49) ^ bits.RotateLeft64(h, 24)
	h *= 0x9fb21c651e98df25
	h ^= (h >> 35) + 8
	h *= 0x9fb21c651e98df25
	return h ^ (h >> 28)
}

var streamModel = porcupine.NondeterministicModel{
	Init: func() []interface{} { return []interface{}{state{}} },
	Step: func(s, input, output interface{}) []interface{} {
		now, in, out := s.(state), input.(call), output.(answer)
		if in.batch == nil {
			if out.failed || (out.Tail == now.tail && (out.StreamHash == nil || *out.StreamHash == now.hash)) {
				return []interface{}{now}
			}
			return nil
		}
		batch := in.batch
		if out.failed && out.definite {
			return []interface{}{now}
		}
		holds := batch.FencingToken == nil || (now.hasToken && now.token == *batch.FencingToken)
		holds = holds && (batch.MatchSeqNum == nil || *batch.MatchSeqNum == now.tail)
		next := now
		next.tail += batch.NumRecords
		if holds && !(!out.failed && out.Tail != next.tail) {
			for _, record := range batch.RecordHashes {
				next.hash = chain(next.hash, record)
			}
			if batch.SetFencingToken != nil {
				next.hasToken, next.token = true, *batch.SetFencingToken
			}
			if out.failed {
				return []interface{}{next, now}
			}
			return []interface{}{next}
		}
		if out.failed {
			return []interface{}{now}
		}
		return nil
	},
	Equal: func(a, b interface{}) bool { return a.(state) == b.(state) },
	Hash:  func(s interface{}) uint64 { return s.(state).hash ^ s.(state).tail },
}

func readStream(file string) []porcupine.Event {
	var events []porcupine.Event
	for _, line := range lines(file) {
		var parsed struct {
			Event struct {
				Start, Finish json.RawMessage
			} `json:"event"`
			ClientID int `json:"client_id"`
			OpID     int `json:"op_id"`
		}
		must(json.Unmarshal(line, &parsed))
		event := porcupine.Event{ClientId: parsed.ClientID, Id: parsed.OpID}
		if parsed.Event.Start != nil {
			event.Kind = porcupine.CallEvent
			event.Value = call{}
			if parsed.Event.Start[0] == '{' {
				var start struct{ Append appendCall }
				must(json.Unmarshal(parsed.Event.Start, &start))
				event.Value = call{&start.Append}
			}
		} else {
			event.Kind = porcupine.ReturnEvent
			out := answer{}
			if parsed.Event.Finish[0] == '{' {
				var finish map[string]answer
				must(json.Unmarshal(parsed.Event.Finish, &finish))
				for _, value := range finish {
					out = value
				}
			} else {
				out.failed = true
				out.definite = strings.Contains(string(parsed.Event.Finish), "Definite")
			}
			event.Value = out
		}
		events = append(events, event)
	}
	return events
}

type kvInput struct {
	op, key, value string
}

func kvModel(byKey bool) porcupine.Model {
	model := porcupine.Model{
		Init: func() interface{} { return map[string]string{} },
		Step: func(s, input, output interface{}) (bool, interface{}) {
			store, in := s.(map[string]string), input.(kvInput)
			if in.op == "get" {
				return output.(string) == store[in.key], store
			}
			next := make(map[string]string, len(store)+1)
			for key, value := range store {
				next[key] = value
			}
			if in.op == "put" {
				next[in.key] = in.value
			} else {
				next[in.key] += in.value
			}
			return true, next
		},
		Equal: func(a, b interface{}) bool {
			one, other := a.(map[string]string), b.(map[string]string)
			if len(one) != len(other) {
				return false
			}
			for key, value := range one {
				if other[key] != value {
					return false
				}
			}
			return true
		},
	}
	if !byKey {
		return model
	}
	model.Init = func() interface{} { return "" }
	model.Step = func(s, input, output interface{}) (bool, interface{}) {
		in := input.(kvInput)
		switch in.op {
		case "get":
			return output.(string) == s.(string), s
		case "put":
			return true, in.value
		}
		return true, s.(string) + in.value
	}
	model.Equal = nil
	model.Hash = func(s interface{}) uint64 {
		h := uint64(14695981039346656037)
		for i := 0; i < len(s.(string)); i++ {
			h = (h ^ uint64(s.(string)[i])) * 1099511628211
		}
		return h
	}
	model.PartitionEvent = func(history []porcupine.Event) [][]porcupine.Event {
		parts := map[string][]porcupine.Event{}
		keys := map[int]string{}
		var order []string
		for _, event := range history {
			if event.Kind == porcupine.CallEvent {
				keys[event.Id] = event.Value.(kvInput).key
			}
			key := keys[event.Id]
			if parts[key] == nil {
				order = append(order, key)
			}
			parts[key] = append(parts[key], event)
		}
		var all [][]porcupine.Event
		for _, key := range order {
			all = append(all, parts[key])
		}
		return all
	}
	return model
}

var kvLine = regexp.MustCompile(`{:process (\d+), :type :(\w+), :f :(\w+), :key "(.*)", :value (?:nil|"(.*)")}`)

func readKv(file string) []porcupine.Event {
	var events []porcupine.Event
	open := map[int]int{}
	for id, line := range lines(file) {
		match := kvLine.FindStringSubmatch(string(line))
		process, _ := strconv.Atoi(match[1])
		if match[2] == "invoke" {
			open[process] = id
			events = append(events, porcupine.Event{ClientId: process, Kind: porcupine.CallEvent, Id: id,
				Value: kvInput{match[3], match[4], match[5]}})
		} else {
			events = append(events, porcupine.Event{ClientId: process, Kind: porcupine.ReturnEvent, Id: open[process],
				Value: match[5]})
			delete(open, process)
		}
	}
	for process, id := range open {
		events = append(events, porcupine.Event{ClientId: process, Kind: porcupine.ReturnEvent, Id: id, Value: ""})
	}
	return events
}

func lines(file string) [][]byte {
	opened, err := os.Open(filepath.Clean(file))
	must(err)
	defer opened.Close()
	scanner := bufio.NewScanner(opened)
	scanner.Buffer(nil, 1<<26)
	var all [][]byte
	for scanner.Scan() {
		if len(scanner.Bytes()) > 0 {
			all = append(all, append([]byte(nil), scanner.Bytes()...))
		}
	}
	must(scanner.Err())
	return all
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

package prometheus

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
)

// Series is one series of an answer: its labels, and its samples in the order of time.
type Series struct {
	Metric map[string]string `json:"metric"`
	Values samples           `json:"values"`
}

// sample is one value at a time in milliseconds.
type sample struct {
	at    int64
	value float64
}

// samples are read from [[1435781430.781,"1.5"],…] without a detour: an answer may hold millions of them.
type samples []sample

// envelope is the frame of every answer of the API, but for its series.
type envelope struct {
	status, errorType, message string
	warnings                   []string
	resultType                 string
	samples                    int64
}

// decode reads an answer and calls back for each series of a matrix as it is met, so that a large answer is in memory once: as
// the bytes that came. One Series is used for all.
func decode(body []byte, each func(*Series) error) (envelope, error) {
	var e envelope
	dec := json.NewDecoder(bytes.NewReader(body))
	err := object(dec, func(key string) error {
		switch key {
		case "status":
			return dec.Decode(&e.status)
		case "errorType":
			return dec.Decode(&e.errorType)
		case "error":
			return dec.Decode(&e.message)
		case "warnings":
			return dec.Decode(&e.warnings)
		case "data":
			return e.data(dec, each)
		default:
			return skip(dec)
		}
	})
	if _, more := dec.Token(); err == nil && more != io.EOF {
		err = errors.New("something follows the answer")
	}
	return e, err
}

func (e *envelope) data(dec *json.Decoder, each func(*Series) error) error {
	var early json.RawMessage // a result that comes before its type
	err := object(dec, func(key string) error {
		switch key {
		case "resultType":
			return dec.Decode(&e.resultType)
		case "stats":
			var stats struct {
				Samples struct {
					Total int64 `json:"totalQueryableSamples"`
				} `json:"samples"`
			}
			err := dec.Decode(&stats)
			e.samples = stats.Samples.Total
			return err
		case "result":
			if e.resultType != "matrix" {
				return dec.Decode(&early)
			}
			return matrix(dec, each)
		default:
			return skip(dec)
		}
	})
	if err == nil && len(early) > 0 && e.resultType == "matrix" {
		err = matrix(json.NewDecoder(bytes.NewReader(early)), each)
	}
	return err
}

func matrix(dec *json.Decoder, each func(*Series) error) error {
	if open, err := dec.Token(); err != nil || open != json.Delim('[') {
		return orElse(err, "a matrix is no list")
	}
	var s Series
	for dec.More() {
		clear(s.Metric)
		s.Values = s.Values[:0]
		if err := dec.Decode(&s); err != nil {
			return err
		}
		if err := each(&s); err != nil {
			return err
		}
	}
	_, err := dec.Token()
	return err
}

// object reads an object member by member; null is an empty one.
func object(dec *json.Decoder, member func(key string) error) error {
	open, err := dec.Token()
	if err == nil && open == nil {
		return nil
	}
	if err != nil || open != json.Delim('{') {
		return orElse(err, "an object was expected")
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		if err := member(fmt.Sprint(key)); err != nil {
			return err
		}
	}
	_, err = dec.Token()
	return err
}

func skip(dec *json.Decoder) error {
	var nobody json.RawMessage
	return dec.Decode(&nobody)
}

func orElse(err error, otherwise string) error {
	if err != nil {
		return err
	}
	return errors.New(otherwise)
}

// UnmarshalJSON reads the samples; encoding/json has made sure that the text is JSON.
func (s *samples) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	p := pairs{text: text}
	if p.next() != '[' {
		return errors.New("the samples of a series are no list")
	}
	p.at++
	for p.next() != ']' {
		one, err := p.pair()
		if err != nil {
			return err
		}
		*s = append(*s, one)
		if p.next() == ',' {
			p.at++
		}
	}
	return nil
}

// pairs walks over a list of pairs.
type pairs struct {
	text []byte
	at   int
}

// next is the next byte that is no white space, 0 at the end.
func (p *pairs) next() byte {
	for p.at < len(p.text) {
		switch c := p.text[p.at]; c {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return c
		}
	}
	return 0
}

func (p *pairs) pair() (sample, error) {
	if p.next() != '[' {
		return sample{}, errors.New("a sample is no pair")
	}
	p.at++
	seconds, err := p.number()
	if err != nil {
		return sample{}, err
	}
	if p.next() != ',' {
		return sample{}, errors.New("a sample has no value")
	}
	p.at++
	if p.next() != '"' {
		return sample{}, errors.New("the value of a sample is no text")
	}
	p.at++
	value, err := p.number()
	if err != nil {
		return sample{}, err
	}
	if p.next() != '"' {
		return sample{}, errors.New("the value of a sample is no number")
	}
	p.at++
	if p.next() != ']' {
		return sample{}, errors.New("a sample is more than a pair")
	}
	p.at++
	if math.IsNaN(seconds) || math.Abs(seconds) > maxSeconds {
		return sample{}, fmt.Errorf("a sample at %g seconds", seconds)
	}
	return sample{at: int64(math.Round(seconds * 1000)), value: value}, nil
}

// maxSeconds is beyond every time that milliseconds can hold.
const maxSeconds = 1e15

// number reads up to the next mark of the list.
func (p *pairs) number() (float64, error) {
	p.next()
	start := p.at
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ',', ']', '"', ' ', '\t', '\n', '\r':
			return strconv.ParseFloat(string(p.text[start:p.at]), 64)
		}
		p.at++
	}
	return 0, errors.New("a sample does not end")
}

// Does with campaigns what listmonk does before it sends them: shorthands are completed, subjects
// are text templates, bodies and plain text are HTML templates. Reads and writes a JSON value a
// line: {"kind": "subject"|"text"|"html", "source": ...} -> {"sent": ..., "fault": ...}.
package main

import (
	"encoding/json"
	htmltemplate "html/template"
	"io"
	"os"
	"regexp"
	"strings"
	texttemplate "text/template"
)

var (
	trackLink = regexp.MustCompile(`(https?://[^\s"<>{}]+)@TrackLink`)
	shorthand = regexp.MustCompile(`\{\{\s*(UnsubscribeURL|ManageURL|MessageURL|TrackView)\s*\}\}`)
)

type subscriber struct{ Name string }

func (s subscriber) FirstName() string { return s.Name }

type message struct{ Subscriber subscriber }

type executable interface {
	Execute(io.Writer, any) error
}

var functions = map[string]any{
	"UnsubscribeURL": func(message) string { return "https://lists.example.org/leave/7?a=1" },
	"ManageURL":      func(message) string { return "https://lists.example.org/leave/7?manage=true" },
	"MessageURL":     func(message) string { return "https://lists.example.org/web/7" },
	"TrackView":      func(message) string { return "<img>" },
	"TrackLink":      func(string, message) string { return "https://lists.example.org/link/7" },
	"Safe":           func(text string) htmltemplate.HTML { return htmltemplate.HTML(text) },
}

func compiled(kind, source string) (executable, error) {
	source = trackLink.ReplaceAllString(source, `{{ TrackLink "$1" . }}`)
	source = shorthand.ReplaceAllString(source, `{{ $1 . }}`)
	if kind == "subject" {
		return texttemplate.New("content").Funcs(functions).Parse(source)
	}
	if kind == "text" {
		return htmltemplate.New("content").Funcs(functions).Parse(source)
	}
	base, err := htmltemplate.New("base").Funcs(functions).Parse(`{{ template "content" . }}`)
	if err != nil {
		return nil, err
	}
	content, err := htmltemplate.New("content").Funcs(functions).Parse(source)
	if err != nil {
		return nil, err
	}
	_, err = base.AddParseTree("content", content.Tree)
	return base, err
}

func sent(kind, source string) (string, error) {
	_, behind, opens := strings.Cut(source, "{{")
	if kind != "html" && !(opens && strings.Contains(behind, "}}")) {
		return source, nil
	}
	template, err := compiled(kind, source)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	err = template.Execute(&out, message{subscriber{"Zoë O'Hara"}})
	return out.String(), err
}

func main() {
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var asked struct{ Kind, Source string }
		if in.Decode(&asked) != nil {
			return
		}
		text, err := sent(asked.Kind, asked.Source)
		fault := ""
		if err != nil {
			fault = err.Error()
		}
		out.Encode(map[string]string{"sent": text, "fault": fault})
	}
}

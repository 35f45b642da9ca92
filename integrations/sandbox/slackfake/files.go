package slackfake

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxFileAlt is how many characters the words for a picture may have.
const maxFileAlt = 1000

// uploadURL is the first of the three steps of an upload: announce.
func (w *Workspace) uploadURL(form url.Values) (object, string) {
	length, err := strconv.Atoi(form.Get("length"))
	if err != nil || length <= 0 || length > maxFileBytes || form.Get("filename") == "" {
		return nil, "invalid_arguments"
	}
	if utf8.RuneCountInString(form.Get("alt_txt")) > maxFileAlt {
		return nil, "alt_txt_too_large"
	}
	w.serial++
	f := &File{ID: fmt.Sprintf("F0ACME%03d", w.serial), Name: form.Get("filename"), Alt: form.Get("alt_txt"), Length: length}
	if len(w.fileOrder) >= maxFiles {
		delete(w.files, w.fileOrder[0])
		w.fileOrder = w.fileOrder[1:]
	}
	w.files[f.ID], w.fileOrder = f, append(w.fileOrder, f.ID)
	return object{"upload_url": w.cfg.Base + "/upload/v1/" + f.ID, "file_id": f.ID}, ""
}

// serveUpload is the second step: the bytes, as a multipart form or raw.
func (w *Workspace) serveUpload(rw http.ResponseWriter, r *http.Request) {
	body, err := uploaded(r)
	w.mu.Lock()
	f := w.files[r.PathValue("file")]
	if f != nil && err == nil {
		f.Bytes, f.Size = body, len(body)
	}
	w.mu.Unlock()
	switch {
	case err != nil:
		w.Strange(r, "upload: %v", err)
		http.Error(rw, "invalid upload", http.StatusBadRequest)
	case f == nil:
		w.Strange(r, "upload to an unknown file")
		http.NotFound(rw, r)
	case len(body) != f.Length:
		w.Strange(r, "uploaded %d bytes, announced %d", len(body), f.Length)
		http.Error(rw, "length differs from what was announced", http.StatusBadRequest)
	default:
		_, _ = fmt.Fprintf(rw, "OK - %d", f.Length)
	}
}

func uploaded(r *http.Request) ([]byte, error) {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		return io.ReadAll(io.LimitReader(r.Body, maxFileBytes))
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, err
	}
	for {
		part, err := parts.NextPart()
		if err != nil {
			return nil, err
		}
		if part.FileName() != "" {
			return io.ReadAll(io.LimitReader(part, maxFileBytes))
		}
	}
}

// completeUpload is the third step: the files become visible, in a channel where one is named.
func (w *Workspace) completeUpload(form url.Values) (object, string) {
	var list []struct{ ID, Title string }
	if json.Unmarshal([]byte(form.Get("files")), &list) != nil || len(list) == 0 {
		return nil, "invalid_arguments"
	}
	out, ids := []object{}, []string{}
	for _, one := range list {
		f := w.files[one.ID]
		if f == nil || f.Size == 0 {
			return nil, "file_not_found"
		}
		f.Title, f.Complete = one.Title, true
		ids = append(ids, f.ID)
		out = append(out, object{"id": f.ID, "title": f.Title})
	}
	if word := form.Get("channel_id"); word != "" {
		c, ok := w.byID(word)
		if !ok {
			return nil, "channel_not_found"
		}
		ts, at := w.stamp()
		w.add(&Message{
			Channel: c.ID, TS: ts, Thread: form.Get("thread_ts"), Text: form.Get("initial_comment"), Files: ids, At: at,
		})
	}
	return object{"files": out}, ""
}

func (w *Workspace) fileInfo(form url.Values) (object, string) {
	f := w.files[form.Get("file")]
	if f == nil {
		return nil, "file_not_found"
	}
	private := w.cfg.Base + "/files-pri/" + TeamID + "-" + f.ID + "/" + url.PathEscape(f.Name)
	return object{"file": object{
		"id": f.ID, "name": f.Name, "title": f.Title, "size": f.Size, "mimetype": "image/png", "filetype": "png",
		"alt_txt": f.Alt, "user": BotUser, "mode": "hosted", "url_private": private, "created": w.cfg.Now().Unix(),
	}}, ""
}

package githubfake

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// sent is a delivery as GitHub remembers it.
type sent struct {
	Delivery

	id int64
	at time.Time
}

// remembering wraps what takes deliveries, so that an App can ask for them.
func (h *Hub) remembering(deliver func(Delivery)) func(Delivery) {
	return func(d Delivery) {
		h.mu.Lock()
		h.serial++
		h.sent = bounded(append(h.sent, sent{d, h.serial, h.cfg.Now()}))
		h.mu.Unlock()
		deliver(d)
	}
}

// listDeliveries is GET /app/hook/deliveries: the newest first.
func (h *Hub) listDeliveries(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	size, err := strconv.Atoi(r.FormValue("per_page"))
	if err != nil || size < 1 || size > 100 {
		size = 30
	}
	out := []object{}
	for i := len(h.sent) - 1; i >= 0 && len(out) < size; i-- {
		out = append(out, h.sent[i].object())
	}
	write(w, http.StatusOK, out)
}

// getDelivery is GET /app/hook/deliveries/{id}, with what was sent.
func (h *Hub) getDelivery(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.sent {
		if r.PathValue("id") == strconv.FormatInt(s.id, 10) {
			out := s.object()
			out["request"] = object{"headers": object{"X-GitHub-Event": s.Event, "X-GitHub-Delivery": s.GUID}, "payload": json.RawMessage(s.Body)}
			out["response"] = object{"headers": object{}, "payload": ""}
			write(w, http.StatusOK, out)
			return
		}
	}
	write(w, missing.status, missing.body)
}

func (s sent) object() object {
	var said struct{ Action *string }
	_ = json.Unmarshal(s.Body, &said) // our own
	return object{
		"id": s.id, "guid": s.GUID, "delivered_at": stamp(s.at), "redelivery": false, "duration": 0.1, "status": "OK", "status_code": 200,
		"event": s.Event, "action": said.Action, "installation_id": 1, "repository_id": nil,
	}
}

// compare is GET /compare/{basehead}: a head that is one commit ahead of where it branched off.
func compare(c *call) result {
	base, head, ok := strings.Cut(c.PathValue("basehead"), "...")
	if !ok {
		return missing
	}
	for _, p := range c.repo.pulls {
		if head != p.HeadSHA && head != p.Branch && head != p.MergeSHA {
			continue
		}
		from := c.repo.head
		if base != DefaultBranch {
			from = base
		}
		root := c.hub.commitObject(c.repo, from, "what it branched off from", p.Author, p.CreatedAt)
		tip := c.hub.commitObject(c.repo, p.HeadSHA, p.Title, p.Author, p.CreatedAt)
		address := c.hub.cfg.Base + "/" + c.repo.name + "/compare/" + base + "..." + head
		return result{http.StatusOK, object{
			"url": c.hub.api(c.repo, "compare/"+base+"..."+head), "html_url": address, "permalink_url": address, "diff_url": address + ".diff", "patch_url": address + ".patch",
			"base_commit": root, "merge_base_commit": root, "status": "ahead", "ahead_by": 1, "behind_by": 0, "total_commits": 1,
			"commits": []object{tip}, "files": c.hub.files(c.repo, p),
		}}
	}
	return missing
}

package githubfake

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // GitHub still sends the old signature beside the new one
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"net/http"
	"strconv"
)

// Delivery is a webhook delivery that waits to be sent.
type Delivery struct {
	// GUID is the same for every attempt.
	GUID  string
	Event string
	// About says in words what it tells, for logs.
	About string
	Body  []byte
}

// The identity of the webhook.
const (
	hookID = 480151623
	orgID  = 700001
)

// event wraps a payload with what every event carries.
func (h *Hub) event(r *repository, name, about, sender string, body object) Delivery {
	body["repository"] = h.repository(r)
	body["sender"] = h.person(sender)
	body["organization"] = object{"login": ownerOf(r), "id": orgID, "node_id": node("O", ownerOf(r))}
	raw, err := json.Marshal(body)
	if err != nil {
		raw = []byte("{}") // maps of plain values always marshal
	}
	return Delivery{GUID: guid(), Event: name, About: about, Body: raw}
}

func ownerOf(r *repository) string {
	for i, c := range r.name {
		if c == '/' {
			return r.name[:i]
		}
	}
	return r.name
}

// guid makes a random UUID.
func guid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func (h *Hub) pullEvent(r *repository, p *Pull, action, sender string) Delivery {
	about := fmt.Sprintf("%s#%d %s", r.name, p.Number, action)
	return h.event(r, "pull_request", about, sender, object{
		"action": action, "number": p.Number, "pull_request": h.pull(r, p),
	})
}

// pushEvent is the merge commit's arrival on the default branch.
func (h *Hub) pushEvent(r *repository, p *Pull, before, sender string) Delivery {
	added, removed, modified := []string{}, []string{}, []string{}
	for _, f := range p.Files {
		switch f.Status {
		case "added":
			added = append(added, f.Path)
		case "removed":
			removed = append(removed, f.Path)
		default:
			modified = append(modified, f.Path)
		}
	}
	who := object{"name": p.Author, "email": p.Author + "@users.noreply.example.com", "username": p.Author}
	head := object{
		"id": p.MergeSHA, "tree_id": commit(p.MergeSHA, "tree"), "distinct": true, "timestamp": stamp(p.MergedAt),
		"message": squashed(p), "author": who, "committer": who,
		"url":   h.cfg.Base + "/" + r.name + "/commit/" + p.MergeSHA,
		"added": added, "removed": removed, "modified": modified,
	}
	return h.event(r, "push", r.name+" push of "+p.MergeSHA[:7], sender, object{
		"ref": "refs/heads/" + DefaultBranch, "before": before, "after": p.MergeSHA, "created": false, "deleted": false,
		"forced": false, "base_ref": nil, "commits": []object{head}, "head_commit": head, "pusher": who,
		"compare": h.cfg.Base + "/" + r.name + "/compare/" + before[:12] + "..." + p.MergeSHA[:12],
	})
}

// squashed is the first line that GitHub gives to a squashed pull request.
func squashed(p *Pull) string { return fmt.Sprintf("%s (#%d)", p.Title, p.Number) }

func (h *Hub) deploymentEvent(r *repository, d *Deployment) Delivery {
	about := fmt.Sprintf("%s deployment of %.7s to %s", r.name, d.SHA, d.Environment)
	return h.event(r, "deployment", about, d.Creator, object{
		"action": "created", "deployment": h.deployment(r, d), "workflow": nil, "workflow_run": nil,
	})
}

func (h *Hub) statusEvent(r *repository, d *Deployment, s Status) Delivery {
	about := fmt.Sprintf("%s deployment of %.7s to %s: %s", r.name, d.SHA, d.Environment, s.State)
	return h.event(r, "deployment_status", about, d.Creator, object{
		"action": "created", "deployment_status": h.deploymentStatus(r, d, s), "deployment": h.deployment(r, d),
		"check_run": nil, "workflow": nil, "workflow_run": nil,
	})
}

// Headers are those of a delivery, signed with the webhook's secret.
func (h *Hub) Headers(d Delivery) http.Header {
	return http.Header{
		"Content-Type":                           {"application/json"},
		"User-Agent":                             {"GitHub-Hookshot/5a0d3e1"},
		"X-Github-Delivery":                      {d.GUID},
		"X-Github-Event":                         {d.Event},
		"X-Github-Hook-Id":                       {strconv.Itoa(hookID)},
		"X-Github-Hook-Installation-Target-Id":   {strconv.Itoa(orgID)},
		"X-Github-Hook-Installation-Target-Type": {"organization"},
		"X-Github-Enterprise-Version":            {"3.17.0"},
		"X-Hub-Signature":                        {"sha1=" + h.mac(sha1.New, d.Body)},
		"X-Hub-Signature-256":                    {"sha256=" + h.mac(sha256.New, d.Body)},
	}
}

func (h *Hub) mac(algorithm func() hash.Hash, body []byte) string {
	mac := hmac.New(algorithm, []byte(h.cfg.WebhookSecret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

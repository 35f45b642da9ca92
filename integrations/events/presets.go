package events

import "cmp"

// presets are ready-made mappings.
func presets() map[string]Mapping {
	return map[string]Mapping{
		// A prompt version of Langfuse was created, deleted, or got or lost labels; the label decides what serves.
		"langfuse": {
			Sign: signLangfuse,
			When: `body.type == "prompt-version" && body.action in ["created", "updated", "deleted"]`,
			Change: Fields{
				ID:          `${body.id}`,
				Kind:        "prompt",
				Title:       `prompt ${body.prompt.name} v${body.prompt.version} ${body.action}, labels: ${body.prompt.?labels.orValue([]).join(", ")}`,
				Revision:    `${body.prompt.version}`,
				Author:      `${body.?user.?name.orValue("")}`,
				EffectiveAt: `${body.timestamp}`,
				Paths:       []string{`prompts/${body.prompt.name}`},
			},
		},
		// A version of a model or prompt was registered with MLflow, or an alias was moved to one.
		"mlflow": {
			Sign: signMLflow,
			When: `body.entity in ["model_version", "model_version_alias", "prompt_version", "prompt_alias"] && body.action in ["created", "deleted"]`,
			Change: Fields{
				ID:          `${body.entity}/${body.data.name}/${string(body.data.?version.orValue(""))}/${body.data.?alias.orValue("")}/${body.action}/${body.timestamp}`,
				Kind:        `${body.entity.startsWith("prompt") ? "prompt" : "model"}`,
				Title:       `${body.entity.replace("_", " ")} ${body.action}: ${body.data.name} v${string(body.data.?version.orValue("?"))}${has(body.data.alias) ? " as " + body.data.alias : ""}`,
				Revision:    `${string(body.data.?version.orValue(""))}`,
				EffectiveAt: `${body.timestamp}`,
				Paths:       []string{`${(body.entity.startsWith("prompt") ? "prompts/" : "models/") + body.data.name}`},
			},
		},
	}
}

func presetNames() []string { return sortedKeys(presets()) }

// filled is the mapping with what its preset fills in.
func (m Mapping) filled() Mapping {
	p := presets()[m.Preset]
	m.Sign = cmp.Or(m.Sign, p.Sign, signStandard)
	m.When = cmp.Or(m.When, p.When)
	c, d := &m.Change, p.Change
	for _, f := range []struct{ into, from *string }{
		{&c.ID, &d.ID},
		{&c.Kind, &d.Kind},
		{&c.Title, &d.Title},
		{&c.Repository, &d.Repository},
		{&c.Revision, &d.Revision},
		{&c.Author, &d.Author},
		{&c.URL, &d.URL},
		{&c.Environment, &d.Environment},
		{&c.MergedAt, &d.MergedAt},
		{&c.EffectiveAt, &d.EffectiveAt},
		{&c.Exposure, &d.Exposure},
	} {
		*f.into = cmp.Or(*f.into, *f.from)
	}
	if len(c.Services) == 0 {
		c.Services = d.Services
	}
	if len(c.Paths) == 0 {
		c.Paths = d.Paths
	}
	return m
}

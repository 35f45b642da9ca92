package assistant

import "time"

// Behaviour is how a service answers with one prompt version on one model.
type Behaviour struct {
	// Refused is the share of operations that the model refuses by its own words (finish reason "refusal").
	Refused float64
	// Filtered is the share that the provider's filter stops, mostly rightly (finish reason "content_filter").
	Filtered float64
	// Blocked is the share that a guardrail of our own stops (finish reason "guardrail_blocked").
	Blocked float64
	// Truncated is the share that runs into the token limit (finish reason "length").
	Truncated float64
	// Failed is the share that ends in an error (error_type "timeout").
	Failed float64
	// Hits is the share of operations whose look-up in the corpus finds something; zero for a service that looks nothing up.
	Hits float64
	// InputTokens and OutputTokens are means per operation.
	InputTokens, OutputTokens float64
	// Latency and FirstToken are the medians of an answer's duration and of the wait for its first token.
	Latency, FirstToken time.Duration
	// ResponseModel is the model that the provider says it used.
	ResponseModel string
}

// RefusalRatio is the share of operations that give no answer by refusal, whoever refuses.
func (b Behaviour) RefusalRatio() float64 { return b.Refused + b.Filtered + b.Blocked }

// Service is one simulated service at the beginning of its history.
type Service struct {
	Name         string
	Environment  string
	Provider     string
	RequestModel string
	// Pods are the values of the label "instance".
	Pods []string
	// Rate is the mean of operations a second over a working day, all pods together.
	Rate    float64
	Version string
	Normal  Behaviour
}

// Services are the assistant that stories happen to and its two healthy neighbours.
func Services() []Service {
	const mini = "gpt-4o-mini-2024-07-18"
	return []Service{
		{
			Name: "support-assistant", Environment: "production", Provider: "openai", RequestModel: "gpt-4o-mini",
			Pods: []string{
				"support-assistant-7c9d-2xkqp:9464", "support-assistant-7c9d-8wfvz:9464",
				"support-assistant-7c9d-j5m4t:9464", "support-assistant-7c9d-r7nbc:9464",
			},
			Rate: 24, Version: "b71e04c",
			Normal: Behaviour{
				Refused: 0.0002, Filtered: 0.0138, Truncated: 0.004, Failed: 0.0002, InputTokens: 1850, OutputTokens: 310,
				Latency: 2100 * time.Millisecond, FirstToken: 420 * time.Millisecond, ResponseModel: mini,
			},
		},
		{
			Name: "search-copilot", Environment: "production", Provider: "openai", RequestModel: "gpt-4o-mini",
			Pods: []string{"search-copilot-5f66-q9d2l:9464", "search-copilot-5f66-xt4hk:9464"},
			Rate: 11, Version: "40ad9e2",
			Normal: Behaviour{
				Refused: 0.0001, Filtered: 0.003, Truncated: 0.001, Failed: 0.0003, InputTokens: 3200, OutputTokens: 180,
				Latency: 1300 * time.Millisecond, FirstToken: 350 * time.Millisecond, ResponseModel: mini,
			},
		},
		{
			Name: "billing-assistant", Environment: "production", Provider: "openai", RequestModel: "gpt-4o-mini",
			Pods: []string{"billing-assistant-64b8-4hzcw:9464", "billing-assistant-64b8-m8p7s:9464"},
			Rate: 5, Version: "e2c55f8",
			Normal: Behaviour{
				Refused: 0.0001, Filtered: 0.006, Truncated: 0.002, Failed: 0.0003, InputTokens: 1400, OutputTokens: 240,
				Latency: 1700 * time.Millisecond, FirstToken: 380 * time.Millisecond, ResponseModel: mini,
			},
		},
	}
}

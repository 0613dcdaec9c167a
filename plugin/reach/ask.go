package reach

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/distro-naming/naming-operator/controllers/resources"
)

const (
	patience  = 10 * time.Second // with one member
	maxAnswer = 256 << 20        // bytes
	parallel  = 16               // members asked at the same time
)

// Answer is what one member said, or why it said nothing.
type Answer[T any] struct {
	Member Member
	Value  T
	Err    error
}

// AskAll asks every member the same, side by side, and returns their answers in
// the order of members.
func AskAll[T any](ctx context.Context, c *Client, members []Member, path string, query url.Values) []Answer[T] {
	out := make([]Answer[T], len(members))
	slots := make(chan struct{}, parallel)
	var all sync.WaitGroup
	for i, m := range members {
		out[i].Member = m
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			out[i].Err = c.Ask(ctx, m, path, query, &out[i].Value)
		})
	}
	all.Wait()
	return out
}

// Ask reads the JSON that a member answers at path of its admin port.
func (c *Client) Ask(ctx context.Context, m Member, path string, query url.Values, into any) error {
	body, err := c.Read(ctx, m, path, query)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%s answered %s with what is no JSON of this version: is it another program? %w", m.Name, path, err)
	}
	return nil
}

// Read returns what a member answers at path of its admin port.
func (c *Client) Read(ctx context.Context, m Member, path string, query url.Values) ([]byte, error) {
	if m.Pod == nil {
		return nil, fmt.Errorf("%s has no pod: kubectl naming status says what it waits for", m.Name)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if c.Forwards {
		return c.call(ctx, m, http.MethodGet, path, query)
	}
	request := c.Kube.CoreV1().RESTClient().Get().
		Namespace(c.Namespace).Resource("pods").SubResource("proxy").
		Name(m.Name + ":" + strconv.Itoa(int(resources.AdminPort))).Suffix(path)
	for key, values := range query {
		for _, v := range values {
			request.Param(key, v)
		}
	}
	body, err := request.Do(ctx).Raw()
	switch {
	case err == nil:
		return body, nil
	case refused(body, err):
		body, err = c.call(ctx, m, http.MethodGet, path, query)
		if err != nil {
			return nil, fmt.Errorf("%s has auth on, and shows what clients publish to its own host only: %w", m.Name, err)
		}
		return body, nil
	default:
		return nil, proxyError(m, body, err)
	}
}

// refused reports whether the member itself wants to know who asks. From its own host,
// where a forwarded port ends, it does not.
func refused(body []byte, err error) bool {
	_, byServer := said(body, err)
	return !byServer && (apierrors.IsUnauthorized(err) || apierrors.IsForbidden(err))
}

// proxyError says why a member could not be asked and what to do about it.
func proxyError(m Member, body []byte, err error) error {
	text, byServer := said(body, err)
	where := fmt.Sprintf("%s (%s on node %s)", m.Name, m.Pod.Status.PodIP, m.Pod.Spec.NodeName)
	switch {
	case apierrors.IsForbidden(err):
		return fmt.Errorf("you may not ask %s: you need the right to get pods/proxy (ClusterRole naming-viewer), "+
			"or with --via=port-forward to create pods/portforward", m.Name)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s did not answer in %s: %s", where, patience, look(m))
	case apierrors.IsNotFound(err) && !byServer:
		return errOlder(m)
	case byServer:
		return fmt.Errorf("%s cannot be reached: %s: %s", where, strings.TrimPrefix(text, "error trying to reach service: "), look(m))
	case text != "":
		return fmt.Errorf("%s answered: %s", m.Name, text)
	default:
		return fmt.Errorf("ask %s: %w", m.Name, err)
	}
}

// said returns the words of an answer that is an error, and whether the API server
// itself spoke rather than the member. A member's are plain text, which client-go
// keeps among the causes.
func said(body []byte, err error) (text string, byServer bool) {
	var answered metav1.Status
	if json.Unmarshal(body, &answered) == nil && answered.Message != "" {
		return answered.Message, true
	}
	var status *apierrors.StatusError
	if errors.As(err, &status) && status.ErrStatus.Details != nil {
		for _, c := range status.ErrStatus.Details.Causes {
			if c.Type == metav1.CauseTypeUnexpectedServerResponse && c.Message != "unknown" {
				return strings.TrimSpace(c.Message), false
			}
		}
	}
	return strings.TrimSpace(string(body)), false
}

func errOlder(m Member) error {
	return fmt.Errorf("%s does not know the question: it runs an older version than this plugin; update spec.image", m.Name)
}

func look(m Member) string {
	return fmt.Sprintf("look at kubectl logs %s -c %s, and try --via=port-forward if the API server may not reach pods",
		m.Name, resources.SidecarName)
}

// Post sends a command to a member's admin port, which takes commands from its
// own host only: the port is forwarded.
func (c *Client) Post(ctx context.Context, m Member, path string, query url.Values, into any) error {
	if m.Pod == nil {
		return fmt.Errorf("%s has no pod: kubectl naming status says what it waits for", m.Name)
	}
	body, err := c.call(ctx, m, http.MethodPost, path, query)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("read answer of %s to %s: %w", m.Name, path, err)
	}
	return nil
}

// call goes through a forwarded port.
func (c *Client) call(ctx context.Context, m Member, method, path string, query url.Values) ([]byte, error) {
	base, stop, err := c.Forward(ctx, m.Name)
	if err != nil {
		return nil, err
	}
	defer stop()
	request, err := http.NewRequestWithContext(ctx, method, base+path+"?"+query.Encode(), nil)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", m.Name, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask %s through a forwarded port: %w", m.Name, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read answer of %s: %w", m.Name, err)
	case response.StatusCode == http.StatusNotFound:
		return nil, errOlder(m)
	case response.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%s answered %s: %s", m.Name, response.Status, strings.TrimSpace(string(body)))
	}
	return body, nil
}

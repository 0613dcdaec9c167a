package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	pb "github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// echoCommand is the argument by which this program becomes the echo server.
const echoCommand = "echo-server"

// Requests that only the echo server knows.
const (
	learnRequest = "BenchLearn" // answer every later request with this payload's body
	pushRequest  = "BenchPush"  // send that answer on every stream
)

// echo is the floor: a grpc-go server with the same contract that does nothing.
type echo struct {
	pb.UnimplementedRequestServer
	pb.UnimplementedBiRequestStreamServer

	answer atomic.Pointer[pb.Payload]

	mu      sync.RWMutex
	streams map[pb.BiRequestStream_RequestBiStreamServer]*sync.Mutex
}

// serveEcho listens on a free port, writes its address as the first line and
// serves until ctx ends.
func serveEcho(ctx context.Context, out io.Writer) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	e := &echo{streams: map[pb.BiRequestStream_RequestBiStreamServer]*sync.Mutex{}}
	e.answer.Store(payload("Empty", "{}"))
	server := grpc.NewServer()
	pb.RegisterRequestServer(server, e)
	pb.RegisterBiRequestStreamServer(server, e)
	context.AfterFunc(ctx, server.Stop)
	fmt.Fprintln(out, l.Addr())
	return server.Serve(l)
}

// Request answers everything alike.
func (e *echo) Request(_ context.Context, in *pb.Payload) (*pb.Payload, error) {
	switch in.GetMetadata().GetType() {
	case learnRequest:
		e.answer.Store(in)
		return in, nil
	case pushRequest:
		return in, e.push()
	}
	return e.answer.Load(), nil
}

func (e *echo) push() error {
	e.mu.RLock()
	defer e.mu.RUnlock()
	for stream, mu := range e.streams {
		mu.Lock()
		err := stream.Send(e.answer.Load())
		mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// RequestBiStream acknowledges the set-up and then only reads.
func (e *echo) RequestBiStream(stream pb.BiRequestStream_RequestBiStreamServer) error {
	if _, err := stream.Recv(); err != nil {
		return err
	}
	if err := stream.Send(payload("SetupAckRequest", "{}")); err != nil {
		return err
	}
	e.mu.Lock()
	e.streams[stream] = &sync.Mutex{}
	e.mu.Unlock()
	for {
		if _, err := stream.Recv(); err != nil {
			return nil //nolint:nilerr // the client left
		}
	}
}

// echoProcess is a running echo server.
type echoProcess struct {
	address string
	pid     int
	stop    func()
}

func startEcho(ctx context.Context) (*echoProcess, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	cmd := exec.CommandContext(ctx, self, echoCommand)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("start echo server: %w", err)
	}
	stop := func() { cancel(); _ = cmd.Wait() } // it was killed; that is its result
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return nil, fmt.Errorf("read the echo server's address: %w", err)
	}
	return &echoProcess{address: strings.TrimSpace(line), pid: cmd.Process.Pid, stop: stop}, nil
}

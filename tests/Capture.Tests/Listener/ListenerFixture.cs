using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.IO.Pipes;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Capture.Listener;
using PasswordSync.Capture.Tests.Spool;
using PasswordSync.Capture.Tests.Support;

namespace PasswordSync.Capture.Tests.Listener;

/// <summary>Listener, drop folder and spool, and a client that speaks as the hook does.</summary>
public sealed class ListenerFixture : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly CancellationTokenSource stop = new();
    private readonly List<Task> running = [];

    public ListenerFixture(Func<ListenerOptions, ListenerOptions>? change = null)
    {
        Spool = new RunningSpool(Files, time: Time);
        Intake = new CaptureIntake(Spool.Spool, TestEnvelopes.Binding, Spool.Alarms, Time, NullLogger<CaptureIntake>.Instance) { Observed = Observed.Enqueue };
        var options = new ListenerOptions
        {
            Socket = OperatingSystem.IsWindows() ? "pws-" + Guid.NewGuid().ToString("N") : folder.In("s"),
            DropFolder = folder.In("drop"),
        };
        Options = change?.Invoke(options) ?? options;
        Options.Validate();
        Directory.CreateDirectory(Options.DropFolder);
        Listener = new HandoverListener(Options, Intake, Time, NullLogger<HandoverListener>.Instance);
        DropFolder = new DropFolder(Options, Intake, Spool.Alarms, Time, NullLogger<DropFolder>.Instance);
    }

    public MemorySpoolFiles Files { get; } = new();

    public ManualClock Time { get; } = new();

    public RunningSpool Spool { get; }

    public ListenerOptions Options { get; }

    public CaptureIntake Intake { get; }

    public HandoverListener Listener { get; }

    public DropFolder DropFolder { get; }

    public ConcurrentQueue<ObservedCapture> Observed { get; } = [];

    public async Task ListenAsync()
    {
        var run = Listener.RunAsync(stop.Token);
        running.Add(run);
        await Task.WhenAny(run, Listener.Listening);
        if (run.IsCompleted) await run;
    }

    public void WatchDropFolder() => running.Add(DropFolder.RunAsync(stop.Token));

    public async Task<Stream> ConnectAsync()
    {
        if (OperatingSystem.IsWindows())
        {
            var pipe = new NamedPipeClientStream(".", Options.Socket, PipeDirection.InOut, PipeOptions.Asynchronous);
            await pipe.ConnectAsync();
            return pipe;
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Options.Socket));
        return new NetworkStream(socket, ownsSocket: true);
    }

    /// <returns>The answer's byte; -1 if the connection was closed without one.</returns>
    public async Task<int> SendAsync(byte[] envelope, uint? length = null)
    {
        await using var stream = await ConnectAsync();
        return await SendAsync(stream, envelope, length);
    }

    public static async Task<int> SendAsync(Stream stream, byte[] envelope, uint? length = null)
    {
        var frame = new byte[4 + envelope.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(frame, length ?? (uint)envelope.Length);
        envelope.CopyTo(frame, 4);
        await stream.WriteAsync(frame);
        return await AnswerAsync(stream);
    }

    public static async Task<int> AnswerAsync(Stream stream)
    {
        var answer = new byte[1];
        try
        {
            return await stream.ReadAsync(answer) == 0 ? -1 : answer[0];
        }
        catch (IOException)
        {
            return -1;
        }
    }

    public string Drop(byte[] envelope, string? name = null)
    {
        var path = Path.Combine(Options.DropFolder, name ?? TestEnvelopes.DropName(envelope));
        File.WriteAllBytes(path + ".unfinished", envelope);
        File.Move(path + ".unfinished", path);
        return path;
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(running);
        DropFolder.Dispose();
        await Spool.DisposeAsync();
        folder.Dispose();
        stop.Dispose();
    }
}

using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using PasswordSync.Capture.Tests.Support;
using PasswordSync.Core.Captures;

namespace PasswordSync.Capture.Tests.Live;

/// <summary>
/// A check password script that asks this process: the capture is made here, at the moment when Samba calls, and handed to the edge as the real helper
/// does it; then a test may keep Samba waiting.
/// </summary>
public sealed class SambaHook : IAsyncDisposable
{
    private const string Script = """
        #!/usr/bin/python3
        import os, socket, sys
        sys.stdin.buffer.read()
        hook = socket.socket(socket.AF_UNIX)
        hook.connect(sys.argv[1])
        hook.sendall((os.environ["SAMBA_CPS_ACCOUNT_NAME"] + "\n").encode())
        hook.recv(1)

        """;

    private static readonly TimeSpan WaitForEdge = TimeSpan.FromMilliseconds(200);

    private readonly TemporaryFolder folder = new();
    private readonly Socket door = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly List<(string Account, CaptureId Id)> captures = [];
    private readonly Task serving;

    public SambaHook()
    {
        Directory.CreateDirectory(DropFolder);
        File.WriteAllText(folder.In("hook.py"), Script.ReplaceLineEndings("\n"));
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder.In("hook.py"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        door.Bind(new UnixDomainSocketEndPoint(folder.In("h")));
        door.Listen();
        serving = ServeAsync();
    }

    /// <summary>For smb.conf.</summary>
    public string Command => $"{folder.In("hook.py")} {folder.In("h")}";

    public string EdgeSocket => folder.In("s");

    public string DropFolder => folder.In("drop");

    /// <summary>Every capture that was made of an account's changes, in order.</summary>
    public IReadOnlyList<CaptureId> CapturesOf(string account)
    {
        lock (captures) return [.. captures.Where(capture => capture.Account == account).Select(capture => capture.Id)];
    }

    /// <summary>The file of a capture that the edge did not take in time.</summary>
    public string DropFileOf(CaptureId id) => Path.Combine(DropFolder, $"{id.Value:N}.capture");

    /// <summary>Called after the capture was handed over and before Samba goes on.</summary>
    public Func<Task> BeforeCommit { get; set; } = () => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        door.Dispose();
        await serving;
        folder.Dispose();
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            try
            {
                using var call = await door.AcceptAsync();
                await using var stream = new NetworkStream(call);
                using var reader = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
                var account = await reader.ReadLineAsync();
                var id = Guid.NewGuid();
                var envelope = TestEnvelopes.Seal(account!, TimeProvider.System.GetUtcNow(), id);
                lock (captures) captures.Add((account!, new CaptureId(id)));
                if (!await HandOverAsync(envelope)) Drop(envelope);
                await BeforeCommit();
                await stream.WriteAsync("k"u8.ToArray());
            }
            catch (Exception end) when (end is SocketException or ObjectDisposedException)
            {
                return;
            }
            catch (IOException)
            {
                // Samba gave the script up; the next call is served all the same.
            }
        }
    }

    private async Task<bool> HandOverAsync(byte[] envelope)
    {
        try
        {
            using var deadline = new CancellationTokenSource(WaitForEdge);
            using var edge = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await edge.ConnectAsync(new UnixDomainSocketEndPoint(EdgeSocket), deadline.Token);
            var frame = new byte[4 + envelope.Length];
            BinaryPrimitives.WriteInt32LittleEndian(frame, envelope.Length);
            envelope.CopyTo(frame, 4);
            await edge.SendAsync(frame, deadline.Token);
            var answer = new byte[1];
            return await edge.ReceiveAsync(answer, deadline.Token) == 1 && answer[0] == 0x06;
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException)
        {
            return false;
        }
    }

    private void Drop(byte[] envelope)
    {
        var path = Path.Combine(DropFolder, TestEnvelopes.DropName(envelope));
        File.WriteAllBytes(path + ".unfinished", envelope);
        File.Move(path + ".unfinished", path);
    }
}

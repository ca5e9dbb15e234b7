using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Capture.Spool;
using PasswordSync.Capture.Tests.Support;
using PasswordSync.Core.Captures;

namespace PasswordSync.Capture.Tests.Spool;

/// <summary>An open spool with its loop, over files in memory.</summary>
public sealed class RunningSpool : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly Task loop;

    public RunningSpool(MemorySpoolFiles files, SpoolOptions? options = null, ManualClock? time = null)
    {
        Files = files;
        Time = time ?? new ManualClock();
        Spool = CaptureSpool.Open(files, options ?? new SpoolOptions(), Alarms, Time, NullLogger.Instance);
        loop = Task.Run(() => Spool.RunAsync(stop.Token));
    }

    public MemorySpoolFiles Files { get; }

    public ManualClock Time { get; }

    public RecordedAlarms Alarms { get; } = new();

    public CaptureSpool Spool { get; }

    public static CaptureId Id(int number) => new(new Guid(number, 0, 0, [0, 0, 0, 0, 0, 0, 0, 1]));

    /// <summary>Bytes that tell which capture they belong to.</summary>
    public static byte[] Envelope(int number, int length = 1_200)
    {
        var bytes = new byte[length];
        new Random(number).NextBytes(bytes);
        return bytes;
    }

    public Task<SpoolAppend> AppendAsync(int number, int length = 1_200) => Spool.AppendAsync(Id(number), Envelope(number, length), CancellationToken.None);

    public Task SettleAsync(int number) => Spool.SettleAsync(Id(number), Settlement.Accepted, CancellationToken.None);

    public IEnumerable<int> Held => Spool.ListHeld().Select(held => NumberOf(held.CaptureId)).Order();

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await loop;
        Spool.Dispose();
        stop.Dispose();
    }

    private static int NumberOf(CaptureId id) => BitConverter.ToInt32(id.Value.ToByteArray());
}

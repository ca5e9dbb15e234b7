using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Capture.Spool;
using PasswordSync.Capture.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Capture.Tests.Spool;

public sealed class DiskSpoolFilesTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Fact]
    public async Task Captures_on_a_disk_are_there_after_a_restart()
    {
        using (var stop = new CancellationTokenSource())
        using (var spool = Open())
        {
            var loop = spool.RunAsync(stop.Token);
            var answers = await Task.WhenAll(Enumerable.Range(1, 200).Select(n => spool.AppendAsync(RunningSpool.Id(n), RunningSpool.Envelope(n), CancellationToken.None)));
            answers.ShouldAllBe(answer => answer == SpoolAppend.Flushed);
            await spool.SettleAsync(RunningSpool.Id(7), Settlement.Accepted, CancellationToken.None);
            await stop.CancelAsync();
            await loop;
        }

        using var again = Open();
        again.Recovery.ShouldBe(new SpoolRecovery(199, 0, again.Recovery.Damage));
        again.Recovery.Damage.ShouldBeEmpty();
        again.Read(RunningSpool.Id(200)).ShouldBe(RunningSpool.Envelope(200));
        again.Read(RunningSpool.Id(7)).ShouldBeNull();
    }

    [Fact]
    public void Folder_is_for_its_owner_alone()
    {
        if (OperatingSystem.IsWindows()) return;
        using var spool = Open();
        File.GetUnixFileMode(folder.In("spool")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Fact]
    public void Damaged_bytes_are_kept_beside_the_spool()
    {
        var files = new DiskSpoolFiles(folder.In("spool"));
        files.SetAside("x.bytes", [1, 2, 3]);
        File.ReadAllBytes(folder.In("spool/damaged/x.bytes")).ShouldBe([1, 2, 3]);
        files.List().ShouldBeEmpty();
    }

    public void Dispose() => folder.Dispose();

    private CaptureSpool Open() =>
        CaptureSpool.Open(new DiskSpoolFiles(folder.In("spool")), new SpoolOptions(), new RecordedAlarms(), TimeProvider.System, NullLogger.Instance);
}

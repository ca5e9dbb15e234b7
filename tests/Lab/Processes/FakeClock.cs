namespace PasswordSync.Lab;

/// <summary>
/// A clock of the day that is wrong by as much as one likes, for a process that is started with its environment: libfaketime between the process and the system. The clock of elapsed
/// time stays right, as it does on a machine whose clock of the day is set.
/// </summary>
public sealed class FakeClock : IDisposable
{
    private readonly TemporaryFolder folder = TemporaryFolder.Create("clock");

    /// <param name="offset">How wrong it is, as faketime writes it: "-10m", "+90s".</param>
    /// <exception cref="LabEnvironmentException">libfaketime is not installed.</exception>
    public FakeClock(string offset)
    {
        LabMachine.Require(LabTool.FakeTime);
        Library = Directory.EnumerateFiles("/usr/lib", "libfaketimeMT.so.1", SearchOption.AllDirectories).FirstOrDefault()
            ?? throw new LabEnvironmentException("libfaketimeMT.so.1 is missing below /usr/lib. It is in the Debian package 'libfaketime'.");
        Set(offset);
    }

    /// <summary>What a process needs in its environment to be told this time.</summary>
    public Dictionary<string, string> Environment => new()
    {
        ["LD_PRELOAD"] = Library,
        ["FAKETIME_TIMESTAMP_FILE"] = OffsetFile,
        ["FAKETIME_NO_CACHE"] = "1",
        ["FAKETIME_DISABLE_SHM"] = "1",
        ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
        ["DONT_FAKE_MONOTONIC"] = "1",
    };

    private string Library { get; }

    private string OffsetFile => folder.PathOf("offset");

    /// <summary>Sets the clock, also of processes that run.</summary>
    public void Set(string offset)
    {
        var next = folder.PathOf("offset.next");
        File.WriteAllText(next, offset + "\n");
        File.Move(next, OffsetFile, overwrite: true);
    }

    public void Dispose() => folder.Dispose();
}

using System.Globalization;
using System.Runtime.Versioning;
using System.Text;
using PasswordSync.Native.Tests.Building;

namespace PasswordSync.Native.Tests.Windows.Wine;

/// <summary>What came back to LSASS from one change.</summary>
internal sealed record ChangeEnd(int Status, bool Agreed, bool BuffersChanged, TimeSpan Elapsed);

/// <summary>native/Filter/tests/windows/lsass_double.c with the filter in it.</summary>
[SupportedOSPlatform("linux")]
internal sealed class LsassDouble : IAsyncDisposable
{
    private const string OwnKey = @"SOFTWARE\PasswordSync\Filter";

    private readonly LineProcess process;

    private LsassDouble(LineProcess process) => this.process = process;

    /// <summary>Loads the filter, after setting the registry for the site, and starts it as LSASS does.</summary>
    public static async Task<LsassDouble> StartAsync(FilterSite site, string? filter = null, params (string Name, object? Value)[] registry)
    {
        await WineMachine.NeedAsync();
        var environment = new Dictionary<string, string>
        {
            ["PASSWORDSYNC_TEST_AGREEMENTS"] = WineMachine.ToWindows(site.AgreementsFile),
            ["PASSWORDSYNC_TEST_DISK"] = site.DiskFile,
            ["LD_PRELOAD"] = Path.Combine(NativeBuild.Folder("native"), "tests", "slow_disk.so"),
        };
        if (site.RefusesCryptography) environment["WINEDLLOVERRIDES"] = "mshtml=;winemenubuilder.exe=d;bcrypt=n,b";
        var double_ = new LsassDouble(new LineProcess(await WineStart.StartAsync(
            site.RefusesCryptography ? BesideRefusingCryptography(site) : WineMachine.TestProgram("lsass_double.exe"), [WineMachine.ToWindows(filter ?? WineMachine.FilterWithSeam)], environment)));
        (await double_.process.NextAsync()).ShouldBe("loaded");
        var values = new Dictionary<string, object?>
        {
            [$@"{OwnKey}\CaptureFile"] = WineMachine.ToWindows(site.CaptureFile),
            [$@"{OwnKey}\WaitMilliseconds"] = null,
            [$@"{OwnKey}\EdgeProgram"] = null,
            [$@"{OwnKey}\Disabled"] = null,
            [$@"{OwnKey}\ReadOnlyController"] = null,
            [@"SYSTEM\CurrentControlSet\Control\SafeBoot\Option\OptionValue"] = null,
            [@"SYSTEM\CurrentControlSet\Control\ProductOptions\ProductType"] = "LanmanNT",
        };
        foreach (var (name, value) in registry) values[name.Contains('\\', StringComparison.Ordinal) ? name : $@"{OwnKey}\{name}"] = value;
        foreach (var (name, value) in values) await double_.SetAsync(name, value);
        (await double_.process.AskAsync("init")).ShouldBe("done 1");
        return double_;
    }

    /// <summary>Windows looks for a library beside the program first.</summary>
    private static string BesideRefusingCryptography(FilterSite site)
    {
        var program = Path.Combine(site.Folder, "lsass_double.exe");
        File.Copy(WineMachine.TestProgram("lsass_double.exe"), program);
        File.Copy(WineMachine.TestProgram(Path.Combine("refusing", "bcrypt.dll")), Path.Combine(site.Folder, "bcrypt.dll"));
        return program;
    }

    /// <summary>Sets a value of HKEY_LOCAL_MACHINE, or removes it (null). A name without a folder is one of the filter's own.</summary>
    public async Task SetAsync(string name, object? value)
    {
        var path = (name.Contains('\\', StringComparison.Ordinal) ? name : $@"{OwnKey}\{name}").Replace(' ', '|');
        var kind = value switch { null => "nothing", int => "number", _ => "text" };
        var answer = await process.AskAsync(string.Create(CultureInfo.InvariantCulture, $"set {kind} {path} {value?.ToString()?.Replace(' ', '|') ?? "-"}"));
        if (value is not null) answer.ShouldBe("done 0");
    }

    public Task<ChangeEnd> ChangeAsync(string account, string password) => ChangeRawAsync(Hex(account), Hex(password));

    /// <summary>A change with strings as lsass_double.h describes them.</summary>
    public async Task<ChangeEnd> ChangeRawAsync(string account, string password)
    {
        var words = (await process.AskAsync($"change {account} {password}")).Split(' ');
        words[0].ShouldBe("done");
        return new ChangeEnd(
            int.Parse(words[1], CultureInfo.InvariantCulture), words[2] == "1", words[3] == "1", TimeSpan.FromMilliseconds(double.Parse(words[4], CultureInfo.InvariantCulture)));
    }

    /// <summary>Many changes at once; gives the longest that one took.</summary>
    public async Task<TimeSpan> StormAsync(int threads, int calls) =>
        TimeSpan.FromMilliseconds(double.Parse((await process.AskAsync($"storm {threads} {calls}")).Split(' ')[1], CultureInfo.InvariantCulture));

    /// <summary>By how much a wait of this length, made as the filter makes its own, is too long on this machine now.</summary>
    public async Task<TimeSpan> OversleepAsync(TimeSpan wait) => TimeSpan.FromMilliseconds(
        double.Parse((await process.AskAsync(string.Create(CultureInfo.InvariantCulture, $"oversleep {wait.TotalMilliseconds}"))).Split(' ')[1], CultureInfo.InvariantCulture));

    public async Task<FilterStatus> StatusAsync() => FilterStatus.Parse(await process.AskAsync("status"));

    /// <summary>Looks at the numbers until they are as they should be.</summary>
    public async Task<FilterStatus> UntilAsync(Func<FilterStatus, bool> condition)
    {
        var pause = TimeSpan.FromMilliseconds(20);
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var status = await StatusAsync();
            if (condition(status)) return status;
            if (TimeProvider.System.GetElapsedTime(start) > TimeSpan.FromMinutes(3)) throw new TimeoutException($"What was waited for did not happen: {status}");
            await Task.Delay(pause, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Waits until the filter's worker has brought everything out.</summary>
    public async Task<FilterStatus> DrainedAsync()
    {
        (await process.AskAsync("drained")).ShouldBe("done");
        return await StatusAsync();
    }

    /// <summary>How often the bytes stand in the process's writable memory.</summary>
    public async Task<int> CountInMemoryAsync(string hex) => int.Parse((await process.AskAsync($"search {hex}")).Split(' ')[1], CultureInfo.InvariantCulture);

    public static string Hex(string text) => text.Length == 0 ? "empty" : Convert.ToHexStringLower(Encoding.Unicode.GetBytes(text));

    public ValueTask DisposeAsync() => process.DisposeAsync();
}

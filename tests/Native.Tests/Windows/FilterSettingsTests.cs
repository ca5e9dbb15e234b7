using System.Runtime.Versioning;
using PasswordSync.Native.Tests.Windows.Wine;
using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.Keys;

namespace PasswordSync.Native.Tests.Windows;

/// <summary>What the registry and the capture file make of the filter.</summary>
[SupportedOSPlatform("linux")]
[Collection(WineMachine.Collection)]
public sealed class FilterSettingsTests
{
    private const int Armed = 0;
    private const int Disabled = 1;
    private const int Unreadable = 100;

    public static TheoryData<string, object?, int> Disarming => new()
    {
        { "Disabled", 1, Disabled },
        { "CaptureFile", null, 2 },
        { @"SYSTEM\CurrentControlSet\Control\ProductOptions\ProductType", "ServerNT", 3 },
        { @"SYSTEM\CurrentControlSet\Control\SafeBoot\Option\OptionValue", 3, 4 },
        { "ReadOnlyController", 1, 5 },
    };

    [Theory]
    [MemberData(nameof(Disarming))]
    public async Task Filter_does_nothing_where_it_should_not(string name, object? value, int state)
    {
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        await using var lsass = await LsassDouble.StartAsync(site, registry: (name, value));

        (await lsass.ChangeAsync("alice", "Password-1")).Status.ShouldBe(0);

        (await lsass.StatusAsync()).ShouldSatisfyAllConditions(status => status.State.ShouldBe(state), status => status.Heard.ShouldBe(0));
        site.Dropped.ShouldBeEmpty();
    }

    [Fact]
    public async Task Kill_switch_works_both_ways_without_a_restart()
    {
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        await using var lsass = await LsassDouble.StartAsync(site);

        await lsass.SetAsync("Disabled", 1);
        await lsass.UntilAsync(status => status.State == Disabled);
        await lsass.ChangeAsync("unheard", "Password-1");
        await lsass.SetAsync("Disabled", null);
        await lsass.UntilAsync(status => status.State == Armed);
        await lsass.ChangeAsync("heard", "Password-1");

        (await lsass.DrainedAsync()).Heard.ShouldBe(1);
        site.Dropped.Select(site.Open).Single().Account.ShouldBe("heard");
    }

    [Fact]
    public async Task Key_that_came_while_the_filter_was_disabled_is_sealed_to_from_the_first_change_on()
    {
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        await using var lsass = await LsassDouble.StartAsync(site, registry: ("Disabled", 1));
        var before = (await lsass.UntilAsync(status => status.FilesTaken > 0)).FilesTaken;
        site.RotateKey();
        await lsass.UntilAsync(status => status.FilesTaken > before);

        await lsass.SetAsync("Disabled", null);
        await lsass.UntilAsync(status => status.State == Armed);
        await lsass.ChangeAsync("alice", "Password-1");

        (await lsass.DrainedAsync()).Captured.ShouldBe(1);
        KeyOf(site.Dropped.ShouldHaveSingleItem()).ShouldBe(site.Key.Id);
    }

    [Fact]
    public async Task New_key_is_sealed_to_without_a_restart()
    {
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        await using var lsass = await LsassDouble.StartAsync(site);
        var before = site.Key.Id;

        site.RotateKey();
        await lsass.UntilAsync(status => status.FilesTaken == 2);
        await lsass.ChangeAsync("alice", "Password-1");

        await lsass.DrainedAsync();
        var id = KeyOf(site.Dropped.ShouldHaveSingleItem());
        id.ShouldBe(site.Key.Id);
        id.ShouldNotBe(before);
    }

    [Theory]
    [InlineData("not a capture file", 3, 1)]
    [InlineData("passwordsync-capture 1\ncluster main\nkey 04\n", 6, 3)]
    public async Task Capture_file_that_cannot_be_used_leaves_the_last_good_one_in_force(string content, int fault, int line)
    {
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        await using var lsass = await LsassDouble.StartAsync(site);

        site.WriteCaptureText(content);
        // The filter tells of the fault first and then of its line: they may be asked for in between.
        await lsass.UntilAsync(status => status.FileFault == fault && status.FileLine == line);
        await lsass.ChangeAsync("alice", "Password-1");

        await lsass.DrainedAsync();
        site.Open(site.Dropped.ShouldHaveSingleItem()).Account.ShouldBe("alice");
    }

    /// <summary>Wine shows a file's mode as its access list: what all may write, everybody may.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Capture_file_that_others_may_change_is_refused_until_they_may_not(bool folder)
    {
        const int foreignWriter = 104;
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        await using var lsass = await LsassDouble.StartAsync(site);
        var before = site.Key.Id;
        var path = folder ? site.Folder : site.CaptureFile;

        if (folder) Let(path, othersWrite: true);
        site.OthersMayWriteFile = !folder;
        site.RotateKey();
        await lsass.UntilAsync(status => status.FileFault == foreignWriter);
        await lsass.ChangeAsync("alice", "Password-1");
        (await lsass.DrainedAsync()).FilesTaken.ShouldBe(1);
        KeyOf(site.Dropped.ShouldHaveSingleItem()).ShouldBe(before, "the last good one is in force");

        Let(path, othersWrite: false);
        // Counted first, and then told to be without a fault.
        await lsass.UntilAsync(status => status.FilesTaken == 2 && status.FileFault == 0);
    }

    [Theory]
    [InlineData("socket", @"\\elsewhere\pipe\edge", 101)]
    [InlineData("socket", "../edge", 101)]
    [InlineData("drop", @"\\elsewhere\share", 102)]
    [InlineData("drop", "relative", 102)]
    public async Task Paths_that_lead_away_from_this_machine_are_refused(string name, string value, int fault)
    {
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        site.WriteCaptureFile((name, value));
        await using var lsass = await LsassDouble.StartAsync(site);

        await lsass.ChangeAsync("alice", "Password-1");

        (await lsass.StatusAsync()).ShouldSatisfyAllConditions(
            status => status.FileFault.ShouldBe(fault), status => status.LostNoSettings.ShouldBe(1), status => status.Captured.ShouldBe(0));
    }

    [Fact]
    public async Task Missing_capture_file_is_counted_and_found_when_it_comes()
    {
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        File.Delete(site.CaptureFile);
        await using var lsass = await LsassDouble.StartAsync(site);

        await lsass.ChangeAsync("too early", "Password-1");
        var early = await lsass.StatusAsync();
        site.WriteCaptureFile();
        await lsass.UntilAsync(status => status.FilesTaken == 1);
        await lsass.ChangeAsync("alice", "Password-1");

        early.ShouldSatisfyAllConditions(() => early.FileFault.ShouldBe(Unreadable), () => early.LostNoSettings.ShouldBe(1));
        (await lsass.DrainedAsync()).Captured.ShouldBe(1);
    }

    private static void Let(string path, bool othersWrite)
    {
        var mode = File.GetUnixFileMode(path);
        File.SetUnixFileMode(path, othersWrite ? mode | UnixFileMode.OtherWrite : mode & ~UnixFileMode.OtherWrite);
    }

    private static KeyId KeyOf(byte[] envelope)
    {
        Envelope.TryReadDescription(envelope, out _, out var id, out _).ShouldBeTrue();
        return id;
    }
}

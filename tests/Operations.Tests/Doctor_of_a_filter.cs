using PasswordSync.Capture.Health;
using PasswordSync.EdgeNode.Doctor;
using PasswordSync.Hosting.Doctor;
using PasswordSync.Operations.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Operations.Tests;

/// <summary>What doctor says of Windows' password filter, for each way in which it can stand.</summary>
public sealed class Doctor_of_a_filter(OneNode one)
{
    private const string Protection = "LSA protection";

    private static readonly FilterStatus Armed = new(DateTimeOffset.UnixEpoch, 700, FilterState.Armed, FileFault: 0, FileLine: 0, FilesTaken: 1, Waiting: 0, Heard: 5, Captured: 5, Delivered: 5, Dropped: 0, Misses: 0, Stuck: 0, WrongServer: 0, FilterLosses.None);

    private static readonly FilterSetup Well = new(IsRegistered: true, IsInstalled: true, InstalledAfterBoot: false, HasLsaProtection: false, "unsigned", ["scecli"], Unguarded: null, Armed);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void All_is_good_where_LSASS_has_loaded_it_and_it_captures()
    {
        Look(Well).Select(one => (one.What, one.Word)).ShouldBe([("password filter", "good"), ("password filter: capture file", "good"), ("password filter: rights", "good"), (Protection, "good"), ("password filter: losses", "good"), ("other notification packages", "good")]);
        One(Well, "other notification packages").Found.ShouldBe("LSASS is told to load scecli, too.");
        One(Well, Protection).Found.ShouldBe("It is off: LSASS loads the filter.");
        One(Well with { HasLsaProtection = true, Signature = "signed by Microsoft" }, Protection).ShouldBe(Finding.Good(Protection, "It is on, and the filter is loaded all the same."));
    }

    [Fact]
    public void A_filter_that_LSA_protection_keeps_out_is_bad_twice_with_what_to_do()
    {
        var kept = Well with { HasLsaProtection = true, Status = null };

        Look(kept).Where(one => one.Result != FindingResult.Good).Select(one => (one.What, one.Word)).ShouldBe([("password filter", "bad"), (Protection, "bad")]);
        One(kept, "password filter").Found.ShouldContain("LSASS then loads only what Microsoft signed; the DLL is unsigned");
        One(kept, Protection).Remedy.ShouldBe("docs/operations/install-windows.md, \"LSA protection\".");
    }

    [Fact]
    public void Whatever_else_keeps_it_from_capturing_is_told_with_its_reason()
    {
        (FilterSetup Setup, string Why)[] ways =
        [
            (Well with { IsInstalled = false }, "not in System32"),
            (Well with { IsRegistered = false }, "'Notification Packages' does not name it"),
            (Well with { Status = null, InstalledAfterBoot = true }, "Restart this domain controller"),
            (Well with { Status = null }, "LSASS has not loaded it"),
            (Well with { Status = Armed with { State = FilterState.Disabled } }, "the kill switch is on"),
            (Well with { Status = Armed with { State = FilterState.ReadOnlyController } }, "read-only"),
            (Well with { Status = Armed with { FilesTaken = 0, FileFault = 104 } }, "others than SYSTEM and the administrators may change it"),
        ];
        foreach (var (setup, why) in ways)
        {
            var found = One(setup, "password filter");
            found.Result.ShouldBe(FindingResult.Bad, why);
            found.Found.ShouldContain(why);
        }
    }

    [Fact]
    public void Old_settings_open_rights_and_losses_are_told_though_it_captures()
    {
        One(Well with { Status = Armed with { FileFault = 100 } }, "password filter: capture file").Found.ShouldBe("The one before is in force: it cannot be read.");
        One(Well with { Unguarded = @"C:\ProgramData\PasswordSync may be changed by Users" }, "password filter: rights").Result.ShouldBe(FindingResult.Bad);
        var lost = One(Well with { Status = Armed with { Losses = FilterLosses.None with { QueueFull = 3 } } }, "password filter: losses");
        (lost.Word, lost.Found).ShouldBe(("warning", "Since LSASS started 3 changes were not captured: 3 because the filter's queue was full."));
    }

    [Fact(Timeout = 600_000)]
    public async Task It_is_looked_at_in_the_place_of_sambas_hook_and_not_checked_for_who_may_not_look()
    {
        var edge = await EdgeFolder.MakeAsync(one.Node, Token);

        var found = await new SourceChecks(edge, new Inspector(() => throw new UnauthorizedAccessException("Access is denied.")), smbConf: null, TimeProvider.System).RunAsync(Token);

        found.Select(one => one.What).ShouldBe(["directory", "password filter"]);
        found.Last().ShouldBe(Finding.NotChecked("password filter", "Access is denied.", "Run doctor as an administrator."));
    }

    private static List<Finding> Look(FilterSetup setup) => [.. SourceChecks.Filter(new Inspector(() => setup))];

    private static Finding One(FilterSetup setup, string what) => Look(setup).Single(one => one.What == what);

    private sealed class Inspector(Func<FilterSetup> look) : IFilterInspector
    {
        public FilterSetup Look() => look();

        public void TellRole(bool isReadOnly) => throw new InvalidOperationException("Doctor changes nothing.");
    }
}

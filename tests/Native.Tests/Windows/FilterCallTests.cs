using System.Runtime.Versioning;
using PasswordSync.Native.Tests.Windows.Wine;

namespace PasswordSync.Native.Tests.Windows;

/// <summary>Calls the filter as LSASS does, and worse.</summary>
[SupportedOSPlatform("linux")]
[Collection(WineMachine.Collection)]
public sealed class FilterCallTests
{
    /// <summary>The longest password that an envelope holds, in UTF-16 units.</summary>
    private const int LongestPassword = 510;

    /// <summary>The system's own ECDH: Wine has it from 10 on.</summary>
    private const int WineWithAgreements = 10;

    private static readonly string[] Odd =
    [
        "null", "wild", "wild:18", "nowhere:8", "wild:65534",
        "616263", Many('x', 32_767), Many('x', 511), Many('x', 512), Many('x', 513),
    ];

    [Fact]
    public async Task Sealed_passwords_are_opened_byte_for_byte()
    {
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        await using var lsass = await LsassDouble.StartAsync(site);
        var changes = new List<(string Account, string Password)>
        {
            ("alice", "S3cret\u00e9€!"), ("bob", ""), ("Ünïcode-Жанна", "𝄞😀-ñ"), ("lone", "x\ud800y\udc00z\ud83d"), ("zero", "a\0b"),
            ("w127", new string('w', 127)), ("w256", new string('w', 256)), ("longest", new string('€', LongestPassword)),
            (new string('n', 341), "long name"), ("spa ced", " a b "),
        };

        foreach (var (account, password) in changes) ShouldBeUnimpressed(await lsass.ChangeAsync(account, password));

        (await lsass.DrainedAsync()).ShouldSatisfyAllConditions(status => status.Dropped.ShouldBe(changes.Count), status => status.Lost.ShouldBe(0));
        site.Dropped.Select(site.Open).Order().ShouldBe(
            changes.Select(change => (change.Account, change.Password.Length == 0 ? "" : LsassDouble.Hex(change.Password))).Order());
    }

    [Fact]
    public async Task Nothing_that_LSA_could_hand_over_brings_the_process_down_or_changes_its_buffers()
    {
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        await using var lsass = await LsassDouble.StartAsync(site);
        var name = LsassDouble.Hex("alice");

        foreach (var odd in Odd)
        {
            ShouldBeUnimpressed(await lsass.ChangeRawAsync(name, odd));
            ShouldBeUnimpressed(await lsass.ChangeRawAsync(odd, LsassDouble.Hex("Password-1")));
        }

        ShouldBeUnimpressed(await lsass.ChangeRawAsync("empty", LsassDouble.Hex("Password-1")));
        ShouldBeUnimpressed(await lsass.ChangeRawAsync(LsassDouble.Hex("bell\u0007"), LsassDouble.Hex("Password-1")));
        ShouldBeUnimpressed(await lsass.ChangeAsync("alice", "after all that"));
        var status = await lsass.DrainedAsync();
        status.ShouldSatisfyAllConditions(
            () => status.Heard.ShouldBe((2 * Odd.Length) + 3),
            () => status.Captured.ShouldBe(3, "the two names of 511 and 512 units fit, and the last change"),
            () => status.Nothing.ShouldBe(4, "no string and no buffer, as name and as password"),
            () => status.LostFault.ShouldBe(4, "two wild strings and two wild buffers; the others are refused by their length first"),
            () => status.LostName.ShouldBe(6),
            () => status.LostPassword.ShouldBe(6),
            () => (status.Captured + status.Nothing + status.Skipped + status.Lost).ShouldBe(status.Heard));
        site.Dropped.Select(site.Open).ShouldContain(("alice", LsassDouble.Hex("after all that")));
    }

    [Theory]
    [InlineData("DC1$")]
    [InlineData("krbtgt")]
    [InlineData("KRBTGT")]
    public async Task Machines_and_krbtgt_are_skipped(string account)
    {
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        await using var lsass = await LsassDouble.StartAsync(site);

        ShouldBeUnimpressed(await lsass.ChangeAsync(account, "Password-1"));

        (await lsass.StatusAsync()).ShouldSatisfyAllConditions(status => status.Skipped.ShouldBe(1), status => status.Captured.ShouldBe(0));
    }

    [Fact]
    public async Task Eight_threads_at_once_lose_nothing()
    {
        const int threads = 8;
        const int calls = 200;
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        await using var lsass = await LsassDouble.StartAsync(site);

        await lsass.StormAsync(threads, calls);

        (await lsass.DrainedAsync()).ShouldSatisfyAllConditions(status => status.Captured.ShouldBe(threads * calls), status => status.Lost.ShouldBe(0));
        var expected = Enumerable.Range(0, threads * calls).Select(index => ($"storm{index / calls}.{index % calls}", LsassDouble.Hex($"Storm-{index / calls}.{index % calls}")));
        site.Dropped.Select(site.Open).Order().ShouldBe(expected.Order());
    }

    [Fact]
    public async Task Password_is_nowhere_in_the_memory_of_the_process_after_the_call()
    {
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        await using var lsass = await LsassDouble.StartAsync(site);
        var password = LsassDouble.Hex("Canary-Ω-27182818284");

        ShouldBeUnimpressed(await lsass.ChangeRawAsync(LsassDouble.Hex("alice"), password));
        ShouldBeUnimpressed(await lsass.ChangeRawAsync("wild", password));
        ShouldBeUnimpressed(await lsass.ChangeRawAsync(LsassDouble.Hex("bell\u0007"), password));

        (await lsass.CountInMemoryAsync(Convert.ToHexStringLower("main"u8))).ShouldBeGreaterThan(0, "what the settings hold is found");
        (await lsass.CountInMemoryAsync(password[8..])).ShouldBe(0);
    }

    /// <summary>The ways on which the password was copied, or half of it, and no envelope comes of it.</summary>
    [Theory]
    [InlineData("settings")]
    [InlineData("agreement")]
    public async Task Password_that_is_not_sealed_is_nowhere_in_the_memory_either(string missing)
    {
        await WineMachine.NeedAsync();
        using var site = new FilterSite();
        if (missing == "settings") File.Delete(site.CaptureFile);
        await using var lsass = await LsassDouble.StartAsync(site, missing == "agreement" ? WineMachine.Filter : null);
        var password = LsassDouble.Hex("Ω1x€9-q7Ж2w5ß8k3µ4zQ");

        ShouldBeUnimpressed(await lsass.ChangeRawAsync(LsassDouble.Hex("alice"), password));
        ShouldBeUnimpressed(await lsass.ChangeRawAsync(LsassDouble.Hex("alice"), $"torn:{password}"));

        var status = await lsass.DrainedAsync();
        (status.Captured + status.LostNoSettings + status.LostCryptography, status.LostFault).ShouldBe((1, 1));
        if (missing == "settings") status.LostNoSettings.ShouldBe(1);
        else status.Captured.ShouldBe(await WineMachine.VersionAsync() >= WineWithAgreements ? 1 : 0);
        // Where a copy faults Windows writes the registers to the stack: pieces count, too.
        foreach (var piece in password.Chunk(16)) (await lsass.CountInMemoryAsync(new string(piece))).ShouldBe(0);
    }

    [Fact]
    public async Task Released_filter_seals_where_the_platform_can_and_counts_where_it_cannot()
    {
        await WineMachine.NeedAsync();
        var canSeal = await WineMachine.VersionAsync() >= WineWithAgreements;
        using var site = new FilterSite();
        await using var lsass = await LsassDouble.StartAsync(site, WineMachine.Filter);

        ShouldBeUnimpressed(await lsass.ChangeAsync("alice", "Pässword-1"));

        var status = await lsass.DrainedAsync();
        (status.Captured, status.LostCryptography).ShouldBe(canSeal ? (1, 0) : (0, 1));
        site.Dropped.Select(site.Open).ShouldBe(canSeal ? [("alice", LsassDouble.Hex("Pässword-1"))] : []);
    }

    private static string Many(char character, int count) => LsassDouble.Hex(new string(character, count));

    private static void ShouldBeUnimpressed(ChangeEnd end) => end.ShouldSatisfyAllConditions(
        () => end.Status.ShouldBe(0), () => end.Agreed.ShouldBeTrue(), () => end.BuffersChanged.ShouldBeFalse());
}

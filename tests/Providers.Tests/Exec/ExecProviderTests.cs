using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Lab;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Exec;
using PasswordSync.Providers.Execution;
using PasswordSync.Providers.Settings;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Exec;

public sealed class ExecProviderTests : IDisposable
{
    private const string Canary = "C4nary!Passw0rd-€-7X";

    private readonly ScratchFolder folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0, "Delivered")]
    [InlineData(10, "AccountNotFound")]
    [InlineData(11, "RefusedByPolicy")]
    [InlineData(12, "Transient")]
    [InlineData(13, "Throttled")]
    [InlineData(14, "TargetMisconfigured")]
    [InlineData(15, "AlreadyThere")]
    [InlineData(16, "Unknown")]
    [InlineData(1, "Unknown")]
    [InlineData(127, "Unknown")]
    public async Task An_exit_code_means_what_the_page_says(int code, string outcome) =>
        (await SetAsync($"cat >/dev/null; echo because >&2; exit {code}")).GetType().Name.ShouldBe(outcome);

    [Fact]
    public async Task A_program_that_is_killed_leaves_an_unknown_outcome() =>
        (await SetAsync("cat >/dev/null; kill -9 $$")).ShouldBeOfType<DeliveryOutcome.Unknown>();

    [Fact]
    public async Task A_program_that_reads_nothing_and_ends_well_has_delivered() =>
        (await SetAsync("exit 0")).ShouldBeOfType<DeliveryOutcome.Delivered>();

    [Fact]
    public async Task A_pause_lasts_as_long_as_the_program_says()
    {
        var before = TimeProvider.System.GetUtcNow();

        var outcome = await SetAsync("cat >/dev/null; echo '{\"retryAfterSeconds\": 600}'; exit 13");

        outcome.ShouldBeOfType<DeliveryOutcome.Throttled>().Until.ShouldBeInRange(before + TimeSpan.FromSeconds(600), TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(600));
    }

    [Fact]
    public async Task The_password_is_in_standard_input_only_and_the_environment_is_clean()
    {
        Environment.SetEnvironmentVariable("PASSWORDSYNC_TEST_SECRET", "a secret of the node");
        var seen = folder.PathOf("seen");
        var outcome = await SetAsync($"tr '\\0' '\\n' </proc/$$/environ >{seen}; echo \"arguments: $*\" >>{seen}; tr '\\0' ' ' </proc/$$/cmdline >>{seen}; cat >{seen}.input");

        outcome.ShouldBeOfType<DeliveryOutcome.Delivered>();
        var text = await File.ReadAllTextAsync(seen, Token);
        text.ShouldNotContain("PASSWORDSYNC_TEST_SECRET");
        text.ShouldNotContain("C4nary");
        text.ShouldContain("LANG=C.UTF-8");
        (await File.ReadAllTextAsync($"{seen}.input", Token)).ShouldContain("C4nary!Passw0rd-\\u20ac-7X");
    }

    [Fact]
    public async Task What_a_program_says_is_shown_without_the_password()
    {
        var outcome = await SetAsync("cat >&2; exit 11");

        var reason = outcome.ShouldBeOfType<DeliveryOutcome.RefusedByPolicy>().Reason;
        reason.ShouldContain("syncPoint");
        reason.ShouldNotContain("C4nary");
    }

    [Fact]
    public async Task Endless_output_is_read_and_dropped() =>
        (await SetAsync("cat >/dev/null; head -c 5000000 /dev/zero; head -c 5000000 /dev/zero >&2; exit 12")).ShouldBeOfType<DeliveryOutcome.Transient>();

    [Fact]
    public async Task A_program_beyond_its_time_is_killed_with_all_it_started_and_the_outcome_is_unknown()
    {
        var fifo = folder.PathOf("children");
        var program = Programs.Script(folder, "slow", $"cat >/dev/null; (sleep 600 & echo $! >>{fifo}; wait) & (setsid -w sleep 600 & echo $! >>{fifo}; wait) & echo $$ >>{fifo}; wait");
        await using var provider = Make(new ExecOptions { Program = program });
        var executor = new AttemptExecutor(TimeProvider.System, NullLogger<AttemptExecutor>.Instance);
        using var password = Any.Secret(Canary);
        using var ending = new CancellationTokenSource();

        var attempt = executor.ExecuteAsync(provider, Any.Attempt(Any.Target("anna"), TimeProvider.System, Any.LongTime), Any.CaptureId(), false, password, ending.Token);
        await Eventually.HoldsAsync("the program to start its children", Any.LongTime, _ => Task.FromResult(File.Exists(fifo) && File.ReadAllLines(fifo).Length == 3), Token);
        await ending.CancelAsync();

        (await attempt).ShouldBeOfType<DeliveryOutcome.Unknown>();
        foreach (var id in File.ReadAllLines(fifo)) await Eventually.HoldsAsync($"process {id} to go", Any.LongTime, _ => Task.FromResult(Programs.IsGone(id)), Token);
    }

    [Theory]
    [InlineData("before")]
    [InlineData("after")]
    public async Task A_write_that_was_given_up_is_unknown_and_the_next_attempt_settles_it_by_a_probe(string hangs)
    {
        await using var target = new ExecConformanceTarget();
        await using var silent = target.ThatHangs(hangs);
        var names = await target.AddAsync("F0rmer.Passw0rd!", Token);
        var found = (await target.Provider.PrepareAsync(Any.Query(names), Token)).ShouldBeOfType<Preparation.Found>();
        var executor = new AttemptExecutor(TimeProvider.System, NullLogger<AttemptExecutor>.Instance);
        var attempt = Any.Attempt(found.Target, TimeProvider.System, Any.LongTime);
        using var password = Any.Secret(Canary);
        using var ending = new CancellationTokenSource();

        var writing = executor.ExecuteAsync(silent, attempt, Any.CaptureId(), false, password, ending.Token);
        await Eventually.HoldsAsync("the program to hang", Any.LongTime, _ => Task.FromResult(target.Hangs), Token);
        await ending.CancelAsync();
        (await writing).ShouldBeOfType<DeliveryOutcome.Unknown>();
        (await target.HasAsync(names, Canary, Token)).ShouldBe(hangs == "after");
        var settled = await executor.ExecuteAsync(target.Provider, attempt with { ProbeFirst = true, ProbeAgainst = found.Mark }, Any.CaptureId(), false, password, Token);

        settled.ShouldBeOfType(hangs == "after" ? typeof(DeliveryOutcome.AlreadyThere) : typeof(DeliveryOutcome.Delivered));
        (await target.HasAsync(names, Canary, Token)).ShouldBeTrue();
    }

    [Fact]
    public async Task What_a_program_leaves_behind_holds_nothing_up_and_is_killed()
    {
        var pid = folder.PathOf("pid");

        (await SetAsync($"cat >/dev/null; sleep 600 & echo $! >{pid}; exit 0").WaitAsync(Any.LongTime, Token)).ShouldBeOfType<DeliveryOutcome.Delivered>();

        await Eventually.HoldsAsync("the process left behind to go", Any.LongTime, _ => Task.FromResult(Programs.IsGone(File.ReadAllText(pid).Trim())), Token);
    }

    [Fact]
    public async Task A_missing_or_unsafe_program_is_a_misconfiguration_and_gets_no_password()
    {
        await using var missing = Make(new ExecOptions { Program = folder.PathOf("missing") });
        (await SetAsync(missing)).ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>().Reason.ShouldContain("does not exist");
        (await missing.VerifyAsync(Token)).IsGood.ShouldBeFalse();

        var open = Programs.Script(folder, "open", "exit 0");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(open, (UnixFileMode)0b111_111_111);
        await using var unsafeOne = Make(new ExecOptions { Program = open });
        (await SetAsync(unsafeOne)).ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>().Reason.ShouldContain("chmod o-w");

        await using var text = Make(new ExecOptions { Program = folder.Write("plain", "no program") });
        (await SetAsync(text)).ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>().Reason.ShouldContain("chmod +x");
    }

    [Fact]
    public async Task A_PowerShell_script_is_given_to_the_interpreter_without_a_profile()
    {
        var seen = folder.PathOf("arguments");
        var interpreter = Programs.Script(folder, "pwsh", $"echo \"$*\" >{seen}; cat >/dev/null");
        var script = folder.Write("set.ps1", "# read by the interpreter");
        await using var provider = Make(new ExecOptions { Program = script, PowerShell = interpreter });

        (await SetAsync(provider)).ShouldBeOfType<DeliveryOutcome.Delivered>();

        (await File.ReadAllTextAsync(seen, Token)).Trim().ShouldBe($"-NoLogo -NoProfile -NonInteractive -File {script}");
    }

    [Fact]
    public async Task Without_find_the_program_gets_the_name_that_the_settings_choose()
    {
        await using var provider = Make(new ExecOptions { Program = folder.PathOf("any"), Account = Matching.SourceAttribute.Mail });

        (await provider.PrepareAsync(Any.Query("anna"), Token)).ShouldBeOfType<Preparation.Found>().Target.Key.ShouldBe("anna@example.test");
    }

    [Theory]
    [InlineData("/usr/local/lib/passwordsync/set", true)]
    [InlineData("/usr/local/lib/passwordsync/../../bin/sh", false)]
    [InlineData("/bin/sh", false)]
    public void Only_programs_of_the_allow_list_are_taken(string program, bool isTaken)
    {
        var allow = NodeAllowList.Everything with { Programs = ["/usr/local/lib/passwordsync/*"] };
        var settings = new SettingsReader(new Dictionary<string, string> { ["program"] = program });

        (ExecOptions.Read(settings, allow) is not null).ShouldBe(isTaken);
        if (!isTaken) settings.Finish().ShouldContain(fault => fault.Key == "program" && fault.Remedy.Contains("allow-list"));
    }

    [Fact]
    public void Settings_are_read_with_actions_and_parameters()
    {
        var settings = new SettingsReader(new Dictionary<string, string>
        {
            ["program"] = "/opt/set",
            ["actions:0"] = "find",
            ["actions:1"] = "Probe",
            ["parameters:url"] = "https://crm.test",
            ["parameters:tenant"] = "7",
        });

        var options = ExecOptions.Read(settings, NodeAllowList.Everything).ShouldNotBeNull();

        settings.Finish().ShouldBeEmpty();
        options.Actions.ShouldBe([ExecAction.Find, ExecAction.Probe]);
        options.Parameters.ShouldBe(ImmutableDictionary<string, string>.Empty.Add("url", "https://crm.test").Add("tenant", "7"), ignoreOrder: true);
    }

    public void Dispose() => folder.Dispose();

    private static ExecProvider Make(ExecOptions options) => new(options, Any.Context(TimeProvider.System));

    private static async Task<DeliveryOutcome> SetAsync(ExecProvider provider)
    {
        using var password = Any.Secret(Canary);
        return await provider.SetPasswordAsync(Any.Set(Any.Target("anna"), null, TimeProvider.System), password, Token);
    }

    private async Task<DeliveryOutcome> SetAsync(string script)
    {
        await using var provider = Make(new ExecOptions { Program = Programs.Script(folder, "program", script) });
        return await SetAsync(provider);
    }
}

using System.Globalization;
using PasswordSync.Providers.Abstractions;
using PasswordSync.Providers.Abstractions.Protocol;
using Xunit;

namespace PasswordSync.Providers.Conformance;

/// <summary>
/// What every plug-in must do. Derive a class from it in a test project, say how the plug-in is started and how your target is looked at by its own means, and
/// run it with xunit.v3.
/// </summary>
public abstract class PluginConformance
{
    private const string Former = "F0rmer.Passw0rd!";
    private const string Newer = "N3w.Passw0rd!";

    /// <summary>How long a test waits for the plug-in.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Passwords that a target should take. If yours cannot, say so in the plug-in's documentation, and hide these by others:
    /// <c>public static new TheoryData&lt;string&gt; AcceptedPasswords =&gt; […];</c> in your own class.
    /// </summary>
    public static TheoryData<string> AcceptedPasswords =>
    [
        Newer,
        "Ünïcödé-€uro-7",
        "Astral-\U0001F511\U0001F600-7x",
        " leading and trailing 7X ",
        "quotes\"'`\\<&>%{}7X",
        string.Concat(Enumerable.Repeat("aB3x", 64)),
    ];

    /// <summary>Logins that hold what is special in LDAP filters, SQL, shells, URLs and paths.</summary>
    public static TheoryData<string> OddLogins => ["*", "a*)(objectClass=*", "x' OR '1'='1", "$(reboot)", "../../etc/passwd", "a%2fb?c#d", "\"", "a\nb"];

    /// <summary>How the plug-in under test is started, with good settings.</summary>
    protected abstract PluginSetup Setup { get; }

    /// <summary>A password that the target refuses by its rules; null if it refuses none.</summary>
    protected abstract string? RefusedPassword { get; }

    /// <summary>Adds an account to the target, by the target's own means, under a login that nobody else uses.</summary>
    /// <returns>The account of a source that the plug-in must match with it.</returns>
    protected abstract Task<SourceAccount> AddAsync(string password, CancellationToken cancellationToken);

    /// <summary>Whether the account's password is this one, by the target's own means.</summary>
    protected abstract Task<bool> HasAsync(SourceAccount account, string password, CancellationToken cancellationToken);

    [Fact]
    public async Task It_takes_its_settings_and_describes_its_target_within_the_bounds()
    {
        using var ending = Ending();
        await using var plugin = await PluginUnderTest.StartAsync(Setup, ending.Token);

        Assert.Null(plugin.Refusal);
        Assert.InRange(plugin.Description!.LengthMin, 0, 256);
        Assert.InRange(plugin.Description.LengthMax, plugin.Description.LengthMin, 256);
    }

    [Fact]
    public async Task It_ends_with_code_0_when_its_input_is_closed()
    {
        using var ending = Ending();
        await using var plugin = await PluginUnderTest.StartAsync(Setup, ending.Token);

        Assert.Equal(0, await plugin.EndAsync(ending.Token));
    }

    [Fact]
    public async Task It_ends_when_the_server_speaks_a_version_that_it_does_not_know()
    {
        using var ending = Ending();
        await using var plugin = PluginUnderTest.StartSilently(Setup);
        await plugin.SendAsync(PluginMessages.Encode(new PluginHello(int.MaxValue, "conformance", Setup.Values, [])), ending.Token);

        Assert.NotEqual(0, await plugin.EndAsync(ending.Token));
    }

    [Fact]
    public async Task A_verification_of_good_settings_is_good()
    {
        using var ending = Ending();
        await using var plugin = await PluginUnderTest.StartAsync(Setup, ending.Token);

        var answer = await plugin.AskAsync(new PluginRequest(0, RequestWord.Verify), null, ending.Token);

        Assert.True(answer.Word == AnswerWord.Good, answer.Reason);
    }

    [Theory]
    [MemberData(nameof(AcceptedPasswords))]
    public async Task A_password_that_was_set_is_the_password_and_the_former_one_is_not(string text)
    {
        using var ending = Ending();
        await using var plugin = await PluginUnderTest.StartAsync(Setup, ending.Token);
        var account = await AddAsync(Former, ending.Token);

        Assert.Equal(AnswerWord.Delivered, (await SetAsync(plugin, account, text, ending.Token)).Word);
        Assert.True(await HasAsync(account, text, ending.Token));
        Assert.False(await HasAsync(account, Former, ending.Token));
    }

    [Fact]
    public async Task The_same_change_can_come_twice()
    {
        using var ending = Ending();
        await using var plugin = await PluginUnderTest.StartAsync(Setup, ending.Token);
        var account = await AddAsync(Former, ending.Token);

        await SetAsync(plugin, account, Newer, ending.Token);
        var again = await SetAsync(plugin, account, Newer, ending.Token);

        Assert.Contains(again.Word, (AnswerWord[])[AnswerWord.Delivered, AnswerWord.AlreadyThere]);
        Assert.True(await HasAsync(account, Newer, ending.Token));
    }

    [Theory]
    [MemberData(nameof(OddLogins))]
    public async Task A_name_with_special_characters_finds_only_itself(string login)
    {
        using var ending = Ending();
        await using var plugin = await PluginUnderTest.StartAsync(Setup, ending.Token);
        await AddAsync(Former, ending.Token);

        var answer = await FindAsync(plugin, new SourceAccount("conformance", Guid.NewGuid(), $"CN={Guid.NewGuid():N}", login, null, null), ending.Token);

        Assert.Equal(AnswerWord.NotFound, answer.Word);
        Assert.NotEmpty(answer.Reason!);
    }

    [Fact]
    public async Task A_refusal_says_why_without_the_password_and_leaves_the_former_one()
    {
        if (RefusedPassword is not { } refused) return;
        using var ending = Ending();
        await using var plugin = await PluginUnderTest.StartAsync(Setup, ending.Token);
        var account = await AddAsync(Former, ending.Token);

        // The server does not send what the description excludes.
        if (refused.Length >= plugin.Description!.LengthMin && refused.Length <= plugin.Description.LengthMax)
        {
            var answer = await SetAsync(plugin, account, refused, ending.Token);
            Assert.Equal(AnswerWord.RefusedByPolicy, answer.Word);
            Assert.NotEmpty(answer.Reason!);
            Assert.DoesNotContain(refused, answer.Reason!, StringComparison.Ordinal);
        }

        Assert.True(await HasAsync(account, Former, ending.Token));
    }

    [Fact]
    public async Task A_probe_tells_the_password_that_is_there_from_the_one_that_is_not()
    {
        using var ending = Ending();
        await using var plugin = await PluginUnderTest.StartAsync(Setup, ending.Token);
        if (!plugin.Description!.CanProbe) return;
        var account = await AddAsync(Former, ending.Token);
        var question = new PluginRequest(0, RequestWord.Probe) { Probe = new ProbeQuestion(await TargetOfAsync(plugin, account, ending.Token), IsRecheck: false, Against: null) };

        Assert.Equal(AnswerWord.Present, (await plugin.AskAsync(question, Former, ending.Token)).Word);
        Assert.Equal(AnswerWord.Absent, (await plugin.AskAsync(question, Newer, ending.Token)).Word);
    }

    [Fact]
    public async Task A_mark_stays_while_nobody_writes_and_changes_with_every_set()
    {
        using var ending = Ending();
        await using var plugin = await PluginUnderTest.StartAsync(Setup, ending.Token);
        var account = await AddAsync(Former, ending.Token);
        var first = await FindAsync(plugin, account, ending.Token);
        if (first.Mark is null) return;

        Assert.Equal(first.Mark, (await FindAsync(plugin, account, ending.Token)).Mark);
        var set = await SetAsync(plugin, account, Newer, ending.Token);
        Assert.NotEqual(first.Mark, set.Mark);
        Assert.Equal(set.Mark, (await FindAsync(plugin, account, ending.Token)).Mark);
    }

    [Fact]
    public async Task Nothing_it_prints_holds_a_password()
    {
        const string canary = "C4nary!Passw0rd-7X";
        using var ending = Ending();
        await using var plugin = await PluginUnderTest.StartAsync(Setup, ending.Token);
        var account = await AddAsync(Former, ending.Token);
        var target = await TargetOfAsync(plugin, account, ending.Token);

        var set = await SetAsync(plugin, account, canary, ending.Token);
        var gone = await plugin.AskAsync(Set(new TargetAccount(target.Key + "-gone", "gone")), canary, ending.Token);
        await plugin.EndAsync(ending.Token);

        Assert.NotEqual(AnswerWord.Delivered, gone.Word);
        Assert.DoesNotContain(canary, $"{set} {gone} {plugin.Errors}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_process_serves_many_accounts_one_after_the_other()
    {
        using var ending = Ending();
        await using var plugin = await PluginUnderTest.StartAsync(Setup, ending.Token);
        for (var i = 0; i < 8; i++)
        {
            var account = await AddAsync(Former, ending.Token);
            var text = string.Create(CultureInfo.InvariantCulture, $"N3w.Passw0rd.{i}");
            Assert.Equal(AnswerWord.Delivered, (await SetAsync(plugin, account, text, ending.Token)).Word);
            Assert.True(await HasAsync(account, text, ending.Token));
        }
    }

    private static Task<PluginAnswer> FindAsync(PluginUnderTest plugin, SourceAccount account, CancellationToken cancellationToken) =>
        plugin.AskAsync(new PluginRequest(0, RequestWord.Find) { Find = account }, null, cancellationToken);

    private static async Task<TargetAccount> TargetOfAsync(PluginUnderTest plugin, SourceAccount account, CancellationToken cancellationToken)
    {
        var answer = await FindAsync(plugin, account, cancellationToken);
        Assert.True(answer.Word == AnswerWord.Found, $"The account was not found: {answer.Reason}");
        Assert.InRange(answer.Key!.Length, 1, 512);
        return new TargetAccount(answer.Key, answer.Name ?? answer.Key);
    }

    private static async Task<PluginAnswer> SetAsync(PluginUnderTest plugin, SourceAccount account, string password, CancellationToken cancellationToken) =>
        await plugin.AskAsync(Set(await TargetOfAsync(plugin, account, cancellationToken)), password, cancellationToken);

    private static PluginRequest Set(TargetAccount account) => new(0, RequestWord.Set) { Set = new PasswordChange(account, Guid.NewGuid(), MustChangeAtNextLogon: false) };

    private static CancellationTokenSource Ending()
    {
        var ending = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        ending.CancelAfter(Patience);
        return ending;
    }
}

using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Ldap;
using PasswordSync.Providers.ActiveDirectory;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Ldap;
using PasswordSync.Providers.Tests.Support;
using Shouldly;
using Xunit;

namespace PasswordSync.Providers.Tests.Directories;

/// <summary>What each answer of a directory means for a delivery, and that an echoed password goes no further.</summary>
public sealed class RefusalTests
{
    private const string Canary = "C4nary!Pässw0rd-€";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(LdapResultCode.ConstraintViolation, "0000052D: Constraint violation - check_password_restrictions", typeof(DeliveryOutcome.RefusedByPolicy))]
    [InlineData(LdapResultCode.UnwillingToPerform, "0000052D: SvcErr: DSID-031A124C, problem 5003 (WILL_NOT_PERFORM), data 0", typeof(DeliveryOutcome.RefusedByPolicy))]
    [InlineData(LdapResultCode.ConstraintViolation, "00000056: AtrErr", typeof(DeliveryOutcome.RefusedByPolicy))]
    [InlineData(LdapResultCode.ConstraintViolation, "of another kind", typeof(DeliveryOutcome.RefusedByPolicy))]
    [InlineData(LdapResultCode.UnwillingToPerform, "0000001F: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0", typeof(DeliveryOutcome.TargetMisconfigured))]
    [InlineData(LdapResultCode.UnwillingToPerform, "00002035: setup_io", typeof(DeliveryOutcome.TargetMisconfigured))]
    [InlineData(LdapResultCode.InsufficientAccessRights, "00000005: SecErr", typeof(DeliveryOutcome.TargetMisconfigured))]
    [InlineData(LdapResultCode.NoSuchObject, "0000208D: NameErr", typeof(DeliveryOutcome.AccountNotFound))]
    [InlineData(LdapResultCode.Referral, "0000202B: RefErr", typeof(DeliveryOutcome.TargetMisconfigured))]
    [InlineData(LdapResultCode.Busy, "", typeof(DeliveryOutcome.Transient))]
    [InlineData(LdapResultCode.Unavailable, "", typeof(DeliveryOutcome.Transient))]
    [InlineData(LdapResultCode.OperationsError, "", typeof(DeliveryOutcome.Transient))]
    [InlineData(LdapResultCode.Other, "", typeof(DeliveryOutcome.Transient))]
    [InlineData(LdapResultCode.UndefinedAttributeType, "", typeof(DeliveryOutcome.TargetMisconfigured))]
    public async Task Answers_of_a_domain_controller_have_one_meaning_each(LdapResultCode code, string diagnostics, Type expected) =>
        Check(await SetInActiveDirectoryAsync((code, $"{diagnostics} value \"{Canary}\" 22004300340061")), code, expected);

    [Theory]
    [InlineData(LdapResultCode.ConstraintViolation, typeof(DeliveryOutcome.RefusedByPolicy))]
    [InlineData(LdapResultCode.InsufficientAccessRights, typeof(DeliveryOutcome.TargetMisconfigured))]
    [InlineData(LdapResultCode.NoSuchObject, typeof(DeliveryOutcome.AccountNotFound))]
    [InlineData(LdapResultCode.ConfidentialityRequired, typeof(DeliveryOutcome.TargetMisconfigured))]
    [InlineData(LdapResultCode.Referral, typeof(DeliveryOutcome.TargetMisconfigured))]
    [InlineData(LdapResultCode.ProtocolError, typeof(DeliveryOutcome.TargetMisconfigured))]
    [InlineData(LdapResultCode.UnwillingToPerform, typeof(DeliveryOutcome.TargetMisconfigured))]
    [InlineData(LdapResultCode.Busy, typeof(DeliveryOutcome.Transient))]
    [InlineData(LdapResultCode.Unavailable, typeof(DeliveryOutcome.Transient))]
    [InlineData(LdapResultCode.Other, typeof(DeliveryOutcome.Transient))]
    public async Task Answers_of_a_directory_have_one_meaning_each(LdapResultCode code, Type expected)
    {
        // A sign-in after a refusal by policy succeeds here, as every bind does: the directory's history refused the present password.
        var outcome = await SetInLdapAsync((code, $"value '{Canary}'"));
        if (expected == typeof(DeliveryOutcome.RefusedByPolicy)) outcome.ShouldBeOfType<DeliveryOutcome.AlreadyThere>();
        else Check(outcome, code, expected);
    }

    [Fact]
    public async Task A_write_whose_stamp_cannot_be_told_is_delivered_without_one_and_logged()
    {
        await using var directory = new ScriptedDirectory((LdapResultCode.Success, ""));
        using var loggers = new CollectingLoggers();
        await using var provider = new ActiveDirectoryProvider(
            new ActiveDirectoryOptions { Directory = directory.Options, Source = new SourceId("beta") }, Any.Context(TimeProvider.System, loggers));

        (await SetAsync(provider, directory)).ShouldBe(new DeliveryOutcome.Delivered(Mark: null, WrittenStamp: null));

        loggers.Text.ShouldContain("the stamp of that write cannot be told");
    }

    [Fact]
    public async Task A_connection_that_ends_after_the_write_was_sent_leaves_the_outcome_unknown()
    {
        (await SetInActiveDirectoryAsync(null)).ShouldBeOfType<DeliveryOutcome.Unknown>();
        (await SetInLdapAsync(null)).ShouldBeOfType<DeliveryOutcome.Unknown>();
    }

    [Theory]
    [InlineData("ldap://child.beta.test/CN=anna,DC=child,DC=beta,DC=test", "refers to child.beta.test: it is read-only, or the account is in another domain.")]
    [InlineData("nonsense", "refers to another one, which it does not name")]
    public async Task A_referral_is_told_with_the_domain_that_it_names_and_the_setting_that_helps(string referral, string expected)
    {
        await using var directory = new ScriptedDirectory((LdapResultCode.Referral, "0000202B: RefErr")) { Referral = referral, AnswersSearchesAlike = true };
        await using var provider = new ActiveDirectoryProvider(new ActiveDirectoryOptions { Directory = directory.Options, Base = "dc=test" }, Any.Context(TimeProvider.System));

        foreach (var outcome in (DeliveryOutcome[])[await SetAsync(provider, directory), (await provider.PrepareAsync(Any.Query("anna"), Token)).ShouldBeOfType<Preparation.Obstacle>().Outcome])
        {
            outcome.ShouldBeOfType<DeliveryOutcome.TargetMisconfigured>();
            outcome.Explain().ShouldNotBeNull().ShouldContain(expected);
            outcome.Explain()!.ShouldContain("set forest = true");
        }
    }

    private static void Check(DeliveryOutcome outcome, LdapResultCode code, Type expected)
    {
        outcome.ShouldBeOfType(expected);
        var reason = outcome.Explain().ShouldNotBeNull();
        reason.ShouldContain(code.ToString());
        reason.ShouldNotContain("Pässw0rd");
        reason.ShouldContain("[redacted]");
    }

    private static async Task<DeliveryOutcome> SetInActiveDirectoryAsync((LdapResultCode Code, string Diagnostics)? answer)
    {
        await using var directory = new ScriptedDirectory(answer);
        using var loggers = new CollectingLoggers();
        await using var provider = new ActiveDirectoryProvider(
            new ActiveDirectoryOptions { Directory = directory.Options, Source = new SourceId("beta") }, Any.Context(TimeProvider.System, loggers));
        var outcome = await SetAsync(provider, directory);
        loggers.Text.ShouldNotContain("Pässw0rd");
        return outcome;
    }

    private static async Task<DeliveryOutcome> SetInLdapAsync((LdapResultCode Code, string Diagnostics)? answer)
    {
        await using var directory = new ScriptedDirectory(answer);
        await using var provider = new LdapProvider(new LdapTargetOptions { Directory = directory.Options, Base = "dc=test" }, Any.Context(TimeProvider.System));
        return await SetAsync(provider, directory);
    }

    private static async Task<DeliveryOutcome> SetAsync(IProvider provider, ScriptedDirectory directory)
    {
        using var password = Any.Secret(Canary);
        return await provider.SetPasswordAsync(Any.Set(new TargetAccount(directory.Key, "uid=anna,dc=test", null), null, TimeProvider.System), password, Token);
    }
}

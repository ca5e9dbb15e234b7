using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Stamps;
using PasswordSync.Ldap;
using PasswordSync.Ldap.ActiveDirectory;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Probing;

namespace PasswordSync.Providers.ActiveDirectory;

public sealed partial class ActiveDirectoryProvider
{
    private static async Task<(PasswordVersion? Version, DeliveryOutcome? Obstacle)> ReadVersionAsync(LdapConnection connection, TargetAccount target, CancellationToken cancellationToken)
    {
        try
        {
            var account = await AccountLookup.ReadAsync(connection, target.Key, [ReplicationMetadata.AttributeName], cancellationToken);
            return account is null
                ? (null, new DeliveryOutcome.AccountNotFound($"The account {target.DisplayName} is gone."))
                : (PasswordVersion.Of(account), null);
        }
        catch (LdapException e)
        {
            return (null, ReadRefusals.Classify(e));
        }
    }

    /// <summary>What the write left: the mark now, and the stamp if it can only be ours. The write is done: nothing here can undo the success.</summary>
    private async Task<DeliveryOutcome> DescribeWriteAsync(AccountHome home, SetRequest request, PasswordVersion? before, CancellationToken cancellationToken)
    {
        try
        {
            var (version, _) = await ReadVersionAsync(home.Connection, request.Target, cancellationToken);
            return new DeliveryOutcome.Delivered(version?.ToMark(), await StampAsync(home, request.Target, before, version, cancellationToken));
        }
        catch (OperationCanceledException)
        {
            LogNotDescribed(request.Target.DisplayName);
            return new DeliveryOutcome.Delivered(Mark: null, WrittenStamp: null);
        }
    }

    /// <summary>Null where the target is no source, and where somebody else wrote at the same time: then the stamp may be the other's.</summary>
    private async Task<Stamp?> StampAsync(AccountHome home, TargetAccount target, PasswordVersion? before, PasswordVersion? after, CancellationToken cancellationToken)
    {
        if (home.Source is not { } source) return null;
        try
        {
            var domain = await DomainFacts.ReadAsync(home.Connection, cancellationToken);
            if (after is { } written && written.IsNextAfter(before) && written.InvocationId == domain?.InvocationId)
            {
                return written.ToStamp(context.GenerationOf(source));
            }
        }
        catch (LdapException e)
        {
            LogFactsUnreadable(home.Connection.Server.ToString(), e.Message);
        }

        LogStampUnclear(target.DisplayName, before?.ToMark()?.Value, after?.ToMark()?.Value);
        return null;
    }

    /// <summary>
    /// Of a recheck: the mark is that of our write. Of a write: the password is there, and if only one write happened since, that one was ours.
    /// </summary>
    private Stamp? StampOfOurWrite(AccountHome home, AttemptKind kind, PasswordVersion? against, PasswordVersion? now)
    {
        if (home.Source is not { } source || now is not { } version || against is null) return null;
        var isOurs = kind == AttemptKind.Recheck ? now == against : version.IsNextAfter(against);
        return isOurs ? version.ToStamp(context.GenerationOf(source)) : null;
    }

    /// <summary>Only 52e says that the password is wrong; the other reasons are told for the right password too, or instead of looking at it.</summary>
    private static SignInResult JudgeSignIn(LdapResult result) => ActiveDirectoryDiagnostics.BindReason(result) switch
    {
        0x52E => new SignInResult.WrongPassword(),
        0x533 => new SignInResult.Unclear("The account is disabled there."),
        0x701 => new SignInResult.Unclear("The account has expired there."),
        0x532 or 0x773 => new SignInResult.Unclear("The user must change the password there."),
        0x775 => new SignInResult.Unclear("The account is locked there."),
        _ => new SignInResult.Unclear("The domain controller refused the sign-in without a reason that tells."),
    };
}

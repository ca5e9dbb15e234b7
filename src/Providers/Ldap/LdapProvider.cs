using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Ldap;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Directories;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Probing;
using PasswordSync.Providers.Redaction;

namespace PasswordSync.Providers.Ldap;

/// <summary>Sets passwords in an LDAP directory by the extended operation of RFC 3062, so that the server applies its own rules and hashes.</summary>
public sealed class LdapProvider : IProvider
{
    private readonly LdapTargetOptions options;
    private readonly DirectorySession session;

    public LdapProvider(LdapTargetOptions options, ProviderContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        this.options = options;
        session = new DirectorySession(options.Directory, context.Secrets, context.Time, ofAccount: null);
        Description = new ProviderDescription(
            LdapProviderFactory.KindName,
            new PasswordLimits(options.PasswordLengthMin, LdapTargetOptions.PasswordLengthMax, NeedsWellFormedText: true, AllowedCharacters: null, HistoryLength: null),
            ShowsMark: true, CanProbeBySignIn: options.Directory.Security != DirectorySecurity.Kerberos, ReportsWrittenStamp: false);
    }

    public ProviderDescription Description { get; }

    public async Task<Preparation> PrepareAsync(TargetQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        var (connection, trouble) = await session.ConnectAsync(evenIfRefused: false, cancellationToken);
        if (connection is null) return new Preparation.Obstacle(trouble!);
        try
        {
            foreach (var template in options.Filters)
            {
                if (template.Fill(query) is not { } filter) continue;
                var request = new LdapSearchRequest(options.Base, LdapSearchScope.Subtree, filter, [options.KeyAttribute, .. PasswordAge.Attributes]) { SizeLimit = AccountSearch.HitsMax };
                switch ((await connection.SearchAsync(request, cancellationToken)).Entries)
                {
                    case []:
                        continue;
                    case [var entry]:
                        return Found(entry);
                    default:
                        return new Preparation.Obstacle(new DeliveryOutcome.AccountNotFound($"ambiguous: more than one entry matches {filter} below {options.Base}. Make it unique, or change filter."));
                }
            }

            var tried = string.Join(", ", options.Filters.Select(template => template.Fill(query)?.ToString() ?? $"{template} (the source's account lacks a name for it)"));
            return new Preparation.Obstacle(new DeliveryOutcome.AccountNotFound($"No entry below {options.Base} matches: {tried}."));
        }
        catch (LdapException e)
        {
            return new Preparation.Obstacle(DirectoryFailures.OfReading(e));
        }
    }

    public async Task<DeliveryOutcome> SetPasswordAsync(SetRequest request, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(password);
        if (PasswordRules.Check(password, Description.Limits) is { } refusal) return refusal;
        var (connection, trouble) = await session.ConnectAsync(evenIfRefused: false, cancellationToken);
        if (connection is null) return trouble!;
        try
        {
            // By the lasting key: the name that was found may belong to somebody else by now.
            if (await ReadAsync(connection, request.Target, cancellationToken, LockoutState.Attributes) is not { } entry) return new DeliveryOutcome.AccountNotFound($"The entry {request.Target.DisplayName} is gone.");
            return await WriteAsync(connection, entry.Dn, request, password, cancellationToken) switch
            {
                null => new DeliveryOutcome.Delivered(await ReadMarkAfterAsync(connection, request.Target, cancellationToken), WrittenStamp: null),

                // Directories with a history refuse the present password too; a sign-in tells that from a breach of the rules.
                DeliveryOutcome.RefusedByPolicy when await SignInAsync(connection, entry, password, cancellationToken) is SignInResult.Accepted =>
                    new DeliveryOutcome.AlreadyThere(PasswordAge.Of(entry).ToMark(), WrittenStamp: null),
                var failure => failure,
            };
        }
        catch (LdapException e)
        {
            return DirectoryFailures.OfReading(e);
        }
    }

    public async Task<ProbeVerdict> ProbeAsync(ProbeRequest request, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(password);
        var (connection, trouble) = await session.ConnectAsync(evenIfRefused: false, cancellationToken);
        if (connection is null) return new ProbeVerdict.Inconclusive(trouble!.Explain()!);
        try
        {
            if (await ReadAsync(connection, request.Target, cancellationToken, LockoutState.Attributes) is not { } entry) return new ProbeVerdict.Inconclusive($"The entry {request.Target.DisplayName} is gone.");
            var age = PasswordAge.Of(entry);
            return await ProbeProcedure.RunAsync(
                request.Kind, age.CompareWith(PasswordAge.FromMark(request.Against)),
                () => SignInAsync(connection, entry, password, cancellationToken),
                () => new ProbeVerdict.Present(age.ToMark(), WrittenStamp: null));
        }
        catch (LdapException e)
        {
            return new ProbeVerdict.Inconclusive(e.Message);
        }
    }

    public Task<VerificationReport> VerifyAsync(CancellationToken cancellationToken) => LdapVerification.RunAsync(session, options, cancellationToken);

    public ValueTask DisposeAsync() => session.DisposeAsync();

    private Preparation Found(LdapEntry entry) => entry.GetString(options.KeyAttribute) is { Length: > 0 } key
        ? new Preparation.Found(new TargetAccount(key, entry.Dn, AsSourceAccount: null), PasswordAge.Of(entry).ToMark())
        : new Preparation.Obstacle(new DeliveryOutcome.TargetMisconfigured($"{entry.Dn} shows no {options.KeyAttribute}: let the bind account read it, or name another lasting and unique attribute (keyAttribute)."));

    private async Task<SignInResult> SignInAsync(LdapConnection connection, LdapEntry entry, Secret password, CancellationToken cancellationToken) =>
        LockoutState.FindObstacle(entry) ?? await session.SignInAsync(connection, entry.Dn, password, _ => new SignInResult.WrongPassword(), cancellationToken);

    /// <summary>By the lasting key: at the name that was found, which costs little, and where that is no longer the account's, below the whole base.</summary>
    private async Task<LdapEntry?> ReadAsync(LdapConnection connection, TargetAccount target, CancellationToken cancellationToken, params string[] more)
    {
        try
        {
            if (await ReadAsync(connection, target.DisplayName, LdapSearchScope.Base, target.Key, more, cancellationToken) is { } entry) return entry;
        }
        catch (LdapException e) when (e is { Kind: LdapErrorKind.Result, Result.Code: LdapResultCode.NoSuchObject or LdapResultCode.InvalidDnSyntax })
        {
            // Renamed, moved or gone: looked for below.
        }

        return await ReadAsync(connection, options.Base, LdapSearchScope.Subtree, target.Key, more, cancellationToken);
    }

    private async Task<LdapEntry?> ReadAsync(LdapConnection connection, string dn, LdapSearchScope scope, string key, string[] more, CancellationToken cancellationToken)
    {
        var request = new LdapSearchRequest(dn, scope, LdapFilter.Equal(options.KeyAttribute, key), [.. PasswordAge.Attributes, .. more]) { SizeLimit = AccountSearch.HitsMax };
        return (await connection.SearchAsync(request, cancellationToken)).Entries is [var entry] ? entry : null;
    }

    /// <returns>Null if the server did it; else what to answer.</returns>
    private static async Task<DeliveryOutcome?> WriteAsync(LdapConnection connection, string dn, SetRequest request, Secret password, CancellationToken cancellationToken)
    {
        try
        {
            return await password.WithUtf8Async(async utf8 =>
            {
                if (request.Permit.Use(connection.Server.ToString()) is { } late) return late;
                var modify = LdapPasswordModifyRequest.Reset(dn, utf8);
                await connection.PasswordModifyAsync(modify, cancellationToken);
                return (DeliveryOutcome?)null;
            });
        }
        catch (LdapException e) when (e.Kind == LdapErrorKind.Result)
        {
            return LdapRefusals.Classify(e, request.Target.DisplayName, Redactor.Redact(e.Result!.DiagnosticMessage, password));
        }
        catch (LdapException e)
        {
            return DirectoryFailures.OfUnanswered(e);
        }
        catch (LdapRequestCanceledException e) when (e.RequestWasSent == LdapSent.No)
        {
            return new DeliveryOutcome.Transient("The attempt ended before the password was sent.");
        }
    }

    /// <summary>The write is done: a mark that cannot be read now does not undo it.</summary>
    private async Task<TargetMark?> ReadMarkAfterAsync(LdapConnection connection, TargetAccount target, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(connection, target, cancellationToken) is { } entry ? PasswordAge.Of(entry).ToMark() : null;
        }
        catch (Exception e) when (e is LdapException or OperationCanceledException)
        {
            return null;
        }
    }
}

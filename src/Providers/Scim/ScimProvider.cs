using System.Text.Json;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;
using PasswordSync.Providers.Http;
using PasswordSync.Providers.Matching;
using PasswordSync.Providers.Redaction;

namespace PasswordSync.Providers.Scim;

/// <summary>Sets passwords of users of a SCIM 2.0 server. A password is never returned (RFC 7643, 4.1.1), so nothing can be asked of it.</summary>
public sealed class ScimProvider : IProvider
{
    private const int PasswordLengthMax = 256;

    private readonly ScimOptions options;
    private readonly TimeProvider time;
    private readonly ScimClient client;

    public ScimProvider(ScimOptions options, ProviderContext context)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(context);
        this.options = options;
        time = context.Time;
        client = new ScimClient(options, context);
        Description = new ProviderDescription(
            ScimProviderFactory.KindName,
            new PasswordLimits(options.PasswordLengthMin, PasswordLengthMax, NeedsWellFormedText: true, AllowedCharacters: null, HistoryLength: null),
            ShowsMark: false, CanProbeBySignIn: false, ReportsWrittenStamp: false);
    }

    public ProviderDescription Description { get; }

    public async Task<Preparation> PrepareAsync(TargetQuery query, CancellationToken cancellationToken)
    {
        var (features, obstacle) = await client.FeaturesAsync(cancellationToken);
        if (features is null) return new Preparation.Obstacle(obstacle!);
        if (!features.Filter) return new Preparation.Obstacle(new DeliveryOutcome.TargetMisconfigured("The server says that users cannot be searched for (ServiceProviderConfig: filter)."));
        var (user, missing) = await AccountSearch.AskAsync(options.Match, query, (rule, value) => client.FindAsync(rule, value, cancellationToken));
        return user is null ? new Preparation.Obstacle(missing!) : new Preparation.Found(new TargetAccount(user.Id, user.UserName, AsSourceAccount: null), Mark: null);
    }

    public async Task<DeliveryOutcome> SetPasswordAsync(SetRequest request, Secret password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(password);
        if (PasswordRules.Check(password, Description.Limits) is { } refusal) return refusal;
        var (features, obstacle) = await client.FeaturesAsync(cancellationToken);
        if (features is null) return obstacle!;
        var isPatch = options.Method == ScimMethod.Patch || (options.Method == ScimMethod.Auto && features.Patch);
        var (answer, failure) = isPatch ? await PatchAsync(request, password, cancellationToken) : await PutAsync(request, password, features, cancellationToken);
        if (answer is null) return failure!;
        return answer.IsSuccess
            ? new DeliveryOutcome.Delivered(Mark: null, WrittenStamp: null)
            : ScimResponses.Classify(answer, request.Permit, time.GetUtcNow(), text => Redactor.Redact(text, password));
    }

    /// <summary>Never conclusive; to set the password once more is harmless.</summary>
    public Task<ProbeVerdict> ProbeAsync(ProbeRequest request, Secret password, CancellationToken cancellationToken) =>
        Task.FromResult<ProbeVerdict>(new ProbeVerdict.Inconclusive("A SCIM server does not tell of passwords; it is set once more."));

    public async Task<VerificationReport> VerifyAsync(CancellationToken cancellationToken)
    {
        var (features, obstacle) = await client.AskFeaturesAsync(cancellationToken);
        if (features is null) return new VerificationReport([VerificationCheck.Failed("configuration", obstacle!.Explain()!, "Check url, the credentials and trustedRoots.")]);
        var (_, trouble) = await client.FindAsync(options.Match[0], $"nobody-{Guid.NewGuid():N}", cancellationToken);
        var method = options.Method == ScimMethod.Put || (options.Method == ScimMethod.Auto && !features.Patch) ? "PUT" : "PATCH";
        return new VerificationReport(
        [
            VerificationCheck.Passed("configuration", $"{options.Http.Server} answers; passwords are set by {method}."),
            trouble is null
                ? VerificationCheck.Passed("users", $"Users can be searched for by {options.Match[0].Target}.")
                : VerificationCheck.Failed("users", trouble.Explain()!, "Check match and the token's rights."),
            features.ChangePassword
                ? VerificationCheck.Passed("passwords", "The server says that it lets passwords be changed, or says nothing of it.")
                : VerificationCheck.Warned("passwords", "The server says that it lets no passwords be changed (ServiceProviderConfig: changePassword). It may answer with success and keep the old one.", "Switch it on in the server; else sign in with a password that was delivered to see whether it was taken."),
            VerificationCheck.NotRun("rights", "No server tells whether a password may be written without its being written.", "See the first deliveries."),
        ]);
    }

    public ValueTask DisposeAsync()
    {
        client.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<(HttpAnswer? Answer, DeliveryOutcome? Obstacle)> PatchAsync(SetRequest request, Secret password, CancellationToken cancellationToken)
    {
        using var body = PasswordJson.With(
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteStartArray("schemas");
                writer.WriteStringValue("urn:ietf:params:scim:api:messages:2.0:PatchOp");
                writer.WriteEndArray();
                writer.WriteStartArray("Operations");
                writer.WriteStartObject();
                writer.WriteString("op", "replace");
                writer.WriteString("path", "password");
                writer.WritePropertyName("value");
            },
            password,
            close: "}]}");
        return await client.WriteAsync(HttpMethod.Patch, request.Target.Key, body, eTag: null, request.Permit, cancellationToken);
    }

    /// <summary>With the version just read, where the server has versions: somebody else's change of the user must not be undone.</summary>
    private async Task<(HttpAnswer? Answer, DeliveryOutcome? Obstacle)> PutAsync(SetRequest request, Secret password, ScimFeatures features, CancellationToken cancellationToken)
    {
        var (read, obstacle) = await client.ReadAsync(request.Target.Key, cancellationToken);
        if (read is null) return (null, obstacle);
        if (read.Status == System.Net.HttpStatusCode.NotFound) return (null, new DeliveryOutcome.AccountNotFound($"The user '{request.Target.DisplayName}' is gone."));
        if (!read.IsSuccess) return (null, ScimResponses.Classify(read, permit: null, time.GetUtcNow(), text => Redactor.Redact(text, password)));
        using var user = read.TryParse();
        if (user is not { RootElement: { ValueKind: JsonValueKind.Object } root }) return (null, new DeliveryOutcome.TargetMisconfigured("The server did not show the user as JSON."));
        using var body = PasswordJson.With(
            writer =>
            {
                writer.WriteStartObject();
                foreach (var property in root.EnumerateObject().Where(property => property.Name is not ("meta" or "password"))) property.WriteTo(writer);
                writer.WritePropertyName("password");
            },
            password,
            close: "}");
        return await client.WriteAsync(HttpMethod.Put, request.Target.Key, body, features.ETag ? read.ETag : null, request.Permit, cancellationToken);
    }
}

using System.Text.Json;

namespace PasswordSync.Providers.Scim;

/// <summary>What a server says of itself (<c>/ServiceProviderConfig</c>, RFC 7643, 5).</summary>
/// <param name="Patch">Whether it takes PATCH.</param>
/// <param name="Filter">Whether users can be searched for.</param>
/// <param name="ETag">Whether resources have versions.</param>
/// <param name="ChangePassword">Whether passwords can be changed.</param>
internal sealed record ScimFeatures(bool Patch, bool Filter, bool ETag, bool ChangePassword)
{
    /// <summary>What is taken for granted where a server does not say.</summary>
    public static readonly ScimFeatures Unsaid = new(Patch: true, Filter: true, ETag: false, ChangePassword: true);

    public static ScimFeatures Of(JsonElement root)
    {
        bool Supports(string name, bool byDefault) =>
            root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out var feature) && feature.ValueKind == JsonValueKind.Object && feature.TryGetProperty("supported", out var supported)
                ? supported.ValueKind == JsonValueKind.True
                : byDefault;
        return new ScimFeatures(Supports("patch", Unsaid.Patch), Supports("filter", Unsaid.Filter), Supports("etag", Unsaid.ETag), Supports("changePassword", Unsaid.ChangePassword));
    }
}

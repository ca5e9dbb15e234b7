namespace PasswordSync.SyncNode.Operations;

/// <summary>What an operator may do; each role may do what the one before may.</summary>
public enum OperatorRole
{
    /// <summary>Sees everything that is no secret; changes nothing.</summary>
    Viewer,

    /// <summary>Steers: retries, pauses, asks targets.</summary>
    Operator,

    /// <summary>Decides who may do what: operators, edges, keys.</summary>
    Administrator,
}

/// <summary>Who asks, as proven.</summary>
/// <param name="Name">The operator's name.</param>
/// <param name="Role">What they may do.</param>
/// <param name="Origin">The address they come from.</param>
public sealed record OperatorIdentity(string Name, OperatorRole Role, string Origin);

/// <summary>Roles as texts.</summary>
public static class OperatorRoles
{
    /// <summary>As it is stored and shown.</summary>
    public static string ToText(this OperatorRole role) => role switch
    {
        OperatorRole.Viewer => "viewer",
        OperatorRole.Operator => "operator",
        OperatorRole.Administrator => "administrator",
        _ => throw new InvalidOperationException($"Internal error: unknown role {role}."),
    };

    /// <summary>Null for a text that is no role.</summary>
    public static OperatorRole? Parse(string text) => text switch
    {
        "viewer" => OperatorRole.Viewer,
        "operator" => OperatorRole.Operator,
        "administrator" => OperatorRole.Administrator,
        _ => null,
    };
}

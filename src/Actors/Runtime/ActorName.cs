namespace PasswordSync.Actors.Runtime;

/// <summary>The rule for the last part of a path.</summary>
internal static class ActorName
{
    public const int LengthMax = 200;

    /// <exception cref="ArgumentException">The name is empty, too long, or holds a slash or a control character.</exception>
    public static void Require(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name.Length > LengthMax || name.Any(static character => character == '/' || char.IsControl(character)))
            throw new ArgumentException($"An actor's name has 1 to {LengthMax} characters, no slash and no control character; this one has {name.Length}.", nameof(name));
    }
}

using System.Text;

namespace PasswordSync.Ldap;

/// <summary>An attribute with its values as bytes. Does not print its values.</summary>
/// <param name="name">The attribute description as RFC 4512, 2.5 has it: type and options, such as <c>member;range=0-1499</c>.</param>
/// <param name="values">The values. The caller keeps them; they are copied when a request is sent.</param>
public sealed class LdapAttribute(string name, IReadOnlyList<ReadOnlyMemory<byte>> values)
{
    public LdapAttribute(string name, params string[] values)
        : this(name, [.. values.Select(value => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(value))])
    {
    }

    /// <summary>Type and options; compared without regard to case.</summary>
    public string Name { get; } = name;

    /// <summary>The values in the order in which the server sent them, which has no meaning.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Values { get; } = values;

    /// <summary>The values as UTF-8 text; what is not UTF-8 becomes U+FFFD.</summary>
    public IReadOnlyList<string> GetStrings() => [.. Values.Select(value => Encoding.UTF8.GetString(value.Span))];

    /// <summary>The name and the number of values only.</summary>
    public override string ToString() => $"{Name} ({Values.Count} values)";
}

namespace PasswordSync.Lab;

/// <summary>The machine is not prepared, or a real server did not do what it always does. The message says what to change or look at.</summary>
public sealed class LabEnvironmentException : Exception
{
    public LabEnvironmentException(string message) : base(message) { }

    public LabEnvironmentException(string message, Exception inner) : base(message, inner) { }
}

/// <summary>
/// Real servers cannot run on this operating system. Its message begins with the token by which xunit.v3 tells a test that
/// skips itself from one that fails (documented with <c>Assert.Skip</c>), so that the lab needs no test framework.
/// </summary>
public sealed class LabNotSupportedException(string reason) : Exception(XunitDynamicSkipToken + reason)
{
    private const string XunitDynamicSkipToken = "$XunitDynamicSkip$";
}

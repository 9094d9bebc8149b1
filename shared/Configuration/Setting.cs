namespace CtSeg.Configuration;

/// <summary>Programs that read a setting.</summary>
[Flags]
public enum SettingReaders
{
    None = 0,
    /// <summary>The Functions host.</summary>
    Host = 1,
    Functions = 2,
    Job = 4,
    /// <summary><c>./ctseg</c> on one machine.</summary>
    Local = 8,
    /// <summary>The Azure and TLS libraries in all of them.</summary>
    Libraries = 16,
}

/// <summary>A setting: an environment variable of this name, in Azure an application setting.</summary>
/// <param name="Meaning">One sentence without the full stop.</param>
public abstract record Setting(string Name, string Meaning, SettingReaders ReadBy)
{
    /// <value>Whether there is nothing without it.</value>
    public bool IsRequired { get; init; }

    /// <value>Whether messages must not repeat its value.</value>
    public bool IsSecret { get; init; }

    /// <value>Which values there are, to follow "it must be".</value>
    public abstract string Expected { get; }

    /// <value>What holds where it is not set, as it would be set; empty: nothing.</value>
    public virtual string Default => "";

    public abstract bool Accepts(string text);

    /// <param name="text">Null or empty: not set.</param>
    /// <returns>One sentence; null where the value holds.</returns>
    public string? ProblemOf(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return IsRequired ? $"{Name} is not set: it must be {Expected}." : null;
        if (Accepts(text))
            return null;
        return IsSecret ? $"{Name} cannot be read: it must be {Expected}." : $"{Name} is '{text}': it must be {Expected}.";
    }
}

/// <summary>A setting with a value of one type.</summary>
public abstract record Setting<T>(string Name, string Meaning, SettingReaders ReadBy) : Setting(Name, Meaning, ReadBy)
    where T : struct
{
    /// <value>What holds where it is not set; null: nothing.</value>
    public T? Unless { get; init; }

    public sealed override bool Accepts(string text) => TryParse(text, out _);

    public abstract bool TryParse(string text, out T value);
}

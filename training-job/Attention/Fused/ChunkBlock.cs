using System.Buffers;
using System.Runtime.Intrinsics;

namespace CtSeg.TrainingJob.Attention.Fused;

/// <summary>
/// A few neighbouring chunks of one round's order, and the chunk before them, gathered from the tensors into memory that stays in the
/// cache: what a pass over their windows reads. Row w stands for the position First + w of the order.
/// </summary>
internal sealed unsafe class ChunkBlock : IDisposable
{
    private readonly List<float[]> _floats = [];
    private readonly List<int[]> _integers = [];
    private readonly List<MemoryHandle> _pins = [];
    private readonly AttentionProblem _problem;
    private readonly int* _places;
    private readonly int* _tokens;
    // [4, key channels]: normalised keys on their way into columns.
    private readonly float* _keys;
    private SequenceRows _queries;
    private SequenceRows _values;
    private int _round;
    private int _sequence;
    private int _upcoming;
    private int _upcomingEnd;

    public ChunkBlock(AttentionProblem problem, bool forGradient)
    {
        _problem = problem;
        Capacity = (AttentionProblem.ChunksOfBlock + 1) * problem.ChunkLength;
        KeyChannels = Vectors.Padded(problem.Query.Channels);
        ValueChannels = Vectors.Padded(problem.Value.Channels);
        // Wider than the rows, so that columns do not fall on the same lines of the cache, and loads may run over the end.
        ColumnStride = Vectors.Padded(Capacity) + Vectors.Lanes;
        ScoreStride = Vectors.Padded(2 * problem.ChunkLength);
        Bounds = Floats(Capacity);
        Queries = Floats(Capacity * KeyChannels);
        KeyColumns = Floats(KeyChannels * ColumnStride);
        Values = Floats(Capacity * ValueChannels);
        _keys = Floats(Vectors.Rows * KeyChannels);
        Scores = Floats(Vectors.Rows * ScoreStride);
        Output = Floats(Vectors.Rows * Math.Max(KeyChannels, ValueChannels));
        _places = Integers(problem.Order.Rounds * ColumnStride);
        _tokens = Integers(Capacity);
        if (forGradient)
            Gradient = new GradientBlock(problem, this, Floats);
    }

    public int Capacity { get; }
    /// <value>Channels of a row of queries or keys, with padding.</value>
    public int KeyChannels { get; }
    public int ValueChannels { get; }
    public int ColumnStride { get; }
    public int ScoreStride { get; }
    /// <value>[rows, key channels], scaled by <see cref="AttentionProblem.Scale"/>.</value>
    public float* Queries { get; }
    /// <value>[key channels, column stride]: normalised keys, one to a column.</value>
    public float* KeyColumns { get; }
    /// <value>[rows, value channels]</value>
    public float* Values { get; }
    /// <value>[rows]: no score of the query is farther from 0 (its key has length 1).</value>
    public float* Bounds { get; }
    /// <value>[4, score stride]</value>
    public float* Scores { get; }
    /// <value>[4, channels]</value>
    public float* Output { get; }
    public GradientBlock? Gradient { get; }

    /// <value>Rows of the chunk before the block: 0 for the first block, else a chunk.</value>
    public int Halo { get; private set; }
    public int Rows { get; private set; }
    public bool AllFinite { get; private set; }

    public int Token(int row) => _tokens[row];

    /// <summary>Gathers the chunks [firstChunk, firstChunk + ChunksOfBlock) and the one before.</summary>
    public void Gather(int round, int sequence, int firstChunk)
    {
        var chunk = _problem.ChunkLength;
        var first = Math.Max(0, firstChunk - 1) * chunk;
        Halo = (firstChunk * chunk) - first;
        Rows = Math.Min(_problem.Order.Tokens, (firstChunk + AttentionProblem.ChunksOfBlock) * chunk) - first;
        (_round, _sequence, _queries, _values) = (round, sequence, _problem.Query.Sequence(sequence), _problem.Value.Sequence(sequence));
        Gradient?.Turn(sequence);
        _upcoming = first + Rows;
        _upcomingEnd = Math.Min(_problem.Order.Tokens, _upcoming + (AttentionProblem.ChunksOfBlock * chunk));
        var order = _problem.Order.TokensInOrder(round, sequence);
        for (var row = 0; row < Rows; row++)
            _tokens[row] = order[first + row];
        for (var offset = 0; offset < _problem.Order.Rounds; offset++)
        {
            // This round's places first.
            var places = _problem.Order.Places((round + offset) % _problem.Order.Rounds, sequence);
            var target = _places + (offset * ColumnStride);
            for (var row = 0; row < Rows; row++)
                target[row] = places[_tokens[row]];
        }
        var residues = Vector512<float>.Zero;
        for (var row = 0; row < Rows; row++)
        {
            if (row + SequenceRows.Ahead < Rows)
                Prefetch(_tokens[row + SequenceRows.Ahead]);
            GatherRow(row, ref residues);
            // Four keys at once become columns; scores of what stands beyond the last are masked.
            if (row % Vectors.Rows == Vectors.Rows - 1 || row == Rows - 1)
                Vectors.Transpose(_keys, KeyChannels, KeyColumns + (row / Vectors.Rows * Vectors.Rows), ColumnStride);
        }
        AllFinite = Vector512.Sum(residues) == 0;
    }

    /// <summary>Asks for a few more rows of the block that most likely comes next, while there is arithmetic to do.</summary>
    public void PrefetchUpcoming(int count)
    {
        var order = _problem.Order.TokensInOrder(_round, _sequence);
        for (var end = Math.Min(_upcoming + count, _upcomingEnd); _upcoming < end; _upcoming++)
            Prefetch(order[_upcoming]);
    }

    /// <summary>The end of the run of <paramref name="row"/>: tokens of one bucket in one chunk.</summary>
    public int EndOfRun(int row)
    {
        var place = _places[row];
        while (row < Rows && _places[row] == place)
            row++;
        return row;
    }

    /// <summary>The first row that the run starting at <paramref name="row"/> sees: of its bucket, in its chunk or the one before.</summary>
    public int FirstSeen(int row)
    {
        var place = _places[row];
        while (row > 0 && (uint)(place - _places[row - 1]) <= 1)
            row--;
        return row;
    }

    /// <summary>Places in the other rounds, [other rounds, <see cref="ColumnStride"/>], from a row on.</summary>
    public int* OtherPlaces(int row) => _places + ColumnStride + row;

    public int OtherRounds => _problem.Order.Rounds - 1;

    public void Dispose()
    {
        foreach (var pin in _pins)
            pin.Dispose();
        foreach (var array in _floats)
            ArrayPool<float>.Shared.Return(array);
        foreach (var array in _integers)
            ArrayPool<int>.Shared.Return(array);
    }

    private void Prefetch(int token)
    {
        _queries.Prefetch(token);
        _values.Prefetch(token);
        Gradient?.Prefetch(token);
    }

    private void GatherRow(int row, ref Vector512<float> residues)
    {
        var query = _queries.Row(_tokens[row]);
        var value = _values.Row(_tokens[row]);
        Vectors.CopyAndCheck(value, Values + (row * ValueChannels), _problem.Value.Channels, ref residues);
        // It stands where the key will, until it is scaled.
        var key = _keys + (row % Vectors.Rows * KeyChannels);
        Vectors.CopyAndCheck(query, key, _problem.Query.Channels, ref residues);
        var length = MathF.Sqrt(Vectors.Dot(key, key, KeyChannels));
        var ofKey = 1 / MathF.Max(length, AttentionProblem.ShortestKey);
        Bounds[row] = length * _problem.Scale;
        Vectors.Scale(key, Queries + (row * KeyChannels), KeyChannels, _problem.Scale);
        Vectors.Scale(key, key, KeyChannels, ofKey);
        Gradient?.GatherRow(row, query, ofKey);
    }

    private float* Floats(int count)
    {
        var array = ArrayPool<float>.Shared.Rent(count);
        // Padding channels stay 0.
        array.AsSpan(0, count).Clear();
        _floats.Add(array);
        return (float*)Pin(array);
    }

    private int* Integers(int count)
    {
        var array = ArrayPool<int>.Shared.Rent(count);
        _integers.Add(array);
        return (int*)Pin(array);
    }

    private void* Pin<T>(T[] array)
    {
        var pin = array.AsMemory().Pin();
        _pins.Add(pin);
        return pin.Pointer;
    }
}

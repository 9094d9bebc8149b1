using System.Buffers;

namespace CtSeg.TrainingJob.Attention.Fused;

/// <summary>
/// A few neighbouring chunks of one round's order, and the chunk before them, gathered from the tensors into memory that stays in the
/// cache: what a pass over their windows reads. Chunk after chunk is gathered, right before it is worked on.
/// </summary>
internal sealed unsafe class ChunkBlock : IDisposable
{
    private readonly List<float[]> _floats = [];
    private readonly List<int[]> _integers = [];
    private readonly List<MemoryHandle> _pins = [];
    private readonly AttentionProblem _problem;
    private readonly int* _places;
    private readonly int* _tokens;
    private SequenceRows _queries;
    private SequenceRows _values;
    private int _round;
    private int _sequence;
    private int _first;
    private int _gathered;
    private int _askedFor;

    public ChunkBlock(AttentionProblem problem, bool forGradient)
    {
        _problem = problem;
        Capacity = (AttentionProblem.ChunksOfBlock + 1) * problem.ChunkLength;
        KeyChannels = Vectors.Padded(problem.Query.Channels);
        ValueChannels = Vectors.Padded(problem.Value.Channels);
        // More than the rows, so that columns do not fall on the same lines of the cache, and loads may run over the end.
        ColumnStride = Vectors.Padded(Capacity) + Lanes.Count;
        ScoreStride = Vectors.Padded(2 * problem.ChunkLength);
        Bounds = Floats(ColumnStride);
        InverseLengths = Floats(ColumnStride);
        Queries = Floats(ColumnStride * KeyChannels);
        KeyColumns = Floats(KeyChannels * ColumnStride);
        Values = Floats(ColumnStride * ValueChannels);
        Scores = Floats(Vectors.Rows * ScoreStride);
        Output = Floats(Vectors.Rows * Math.Max(KeyChannels, ValueChannels));
        _places = Integers(problem.Order.Rounds * ColumnStride);
        _tokens = Integers(ColumnStride);
        if (forGradient)
            Gradient = new GradientBlock(problem, this, Floats);
    }

    public int Capacity { get; }
    /// <value>Channels of a row of queries or keys, with padding.</value>
    public int KeyChannels { get; }
    public int ValueChannels { get; }
    public int ColumnStride { get; }
    public int ScoreStride { get; }
    /// <value>[rows, key channels]</value>
    public float* Queries { get; }
    /// <value>[key channels, column stride]: normalised keys, one to a column, scaled by <see cref="AttentionProblem.Scale"/>.</value>
    public float* KeyColumns { get; }
    /// <value>[rows, value channels]</value>
    public float* Values { get; }
    /// <value>[rows]: no score of the query is farther from 0 (its key has length 1).</value>
    public float* Bounds { get; }
    /// <value>[rows]: what makes a query its key, without the scale.</value>
    public float* InverseLengths { get; }
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

    /// <summary>Turns to the chunks [firstChunk, firstChunk + ChunksOfBlock) and the one before, which is gathered.</summary>
    public void Open(int round, int sequence, int firstChunk)
    {
        var chunk = _problem.ChunkLength;
        var first = Math.Max(0, firstChunk - 1) * chunk;
        Halo = (firstChunk * chunk) - first;
        Rows = Math.Min(_problem.Order.Tokens, (firstChunk + AttentionProblem.ChunksOfBlock) * chunk) - first;
        // The block before was most likely this one's neighbour, and has asked for its first rows.
        if (round != _round || sequence != _sequence || first > _first + Rows)
            _askedFor = first;
        (_round, _sequence, _first, _gathered) = (round, sequence, first, 0);
        (_queries, _values) = (_problem.Query.Sequence(sequence), _problem.Value.Sequence(sequence));
        Gradient?.Turn(sequence);
        Order();
        AllFinite = true;
        GatherTo(Halo);
    }

    /// <summary>Gathers all rows before <paramref name="end"/> that are not there yet, and perhaps a few behind it.</summary>
    public void GatherTo(int end)
    {
        var begin = _gathered;
        var residues = Lanes.Zero;
        for (; _gathered < end; _gathered += Vectors.Rows)
            GatherRows(_gathered, ref residues);
        AllFinite &= Lanes.Sum(residues) == 0;
        for (var row = begin; row < _gathered; row += Lanes.Count)
            NormaliseKeys(row);
        Gradient?.Gather(begin, _gathered);
    }

    /// <summary>Asks for a few rows of the next chunk while there is arithmetic to do.</summary>
    public void PrefetchUpcoming(int count) => AskTo(Math.Min(_askedFor + count, _first + _gathered + _problem.ChunkLength));

    /// <summary>The end of the run of <paramref name="row"/>: tokens of one bucket in one chunk.</summary>
    public int EndOfRun(int row)
    {
        var places = new ReadOnlySpan<int>(_places, Rows);
        var place = places[row];
        while (row < places.Length && places[row] == place)
            row++;
        return row;
    }

    /// <summary>The first row that the run starting at <paramref name="row"/> sees: of its bucket, in its chunk or the one before.</summary>
    public int FirstSeen(int row)
    {
        var places = new ReadOnlySpan<int>(_places, Rows);
        var place = places[row];
        while (row > 0 && (uint)(place - places[row - 1]) <= 1)
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

    /// <summary>Asks for the rows of all positions before <paramref name="end"/>: tokens of a bucket lie far apart in memory.</summary>
    private void AskTo(int end)
    {
        if (_askedFor >= end)
            return;
        var order = _problem.Order.InOrder(_round, _sequence);
        end = Math.Min(end, order.Length);
        var (queries, values) = (_queries, _values);
        for (var position = _askedFor; position < end; position++)
        {
            var token = BucketOrder.Token(order[position]);
            queries.Prefetch(token);
            values.Prefetch(token);
            Gradient?.Prefetch(token);
        }
        _askedFor = end;
    }

    /// <summary>Tokens and places of the rows, this round's places first.</summary>
    private void Order()
    {
        // Fields would be read again after every write through a pointer.
        var tokens = _tokens;
        var own = _places;
        var order = _problem.Order.InOrder(_round, _sequence).Slice(_first, Rows);
        // Only differences of places count, and those within the block.
        for (var (row, place, endOfChunk) = (0, 0, _problem.ChunkLength); row < order.Length; row++)
        {
            var ordered = order[row];
            if (BucketOrder.Begins(ordered))
                place += 2;
            if (row == endOfChunk)
            {
                place++;
                endOfChunk += _problem.ChunkLength;
            }
            tokens[row] = BucketOrder.Token(ordered);
            own[row] = place;
        }
        // Rows are gathered a few at a time: the last stands also behind the end.
        for (var row = Rows; row < Rows + Vectors.Rows - 1; row++)
            tokens[row] = tokens[Rows - 1];
        for (var offset = 1; offset < _problem.Order.Rounds; offset++)
        {
            var places = _problem.Order.Places((_round + offset) % _problem.Order.Rounds, _sequence);
            var target = _places + (offset * ColumnStride);
            for (var row = 0; row < Rows; row++)
                target[row] = places[tokens[row]];
        }
    }

    private void GatherRows(int first, ref Lanes residues)
    {
        AskTo(_first + first + SequenceRows.Ahead);
        var tokens = _tokens + first;
        var (queryRows, valueRows) = (_queries, _values);
        var (queryChannels, valueChannels) = (_problem.Query.Channels, _problem.Value.Channels);
        var queries = Queries + (first * KeyChannels);
        var values = Values + (first * ValueChannels);
        for (var row = 0; row < Vectors.Rows; row++)
        {
            Vectors.CopyAndCheck(queryRows.Row(tokens[row]), queries + (row * KeyChannels), queryChannels, ref residues);
            Vectors.CopyAndCheck(valueRows.Row(tokens[row]), values + (row * ValueChannels), valueChannels, ref residues);
        }
        Vectors.Transpose(queries, KeyChannels, KeyChannels, KeyColumns + first, ColumnStride);
    }

    /// <summary>Queries in columns become keys, a vector of rows at a time.</summary>
    private void NormaliseKeys(int row)
    {
        var columns = KeyColumns + row;
        nint stride = ColumnStride;
        var channels = _problem.Query.Channels;
        var squares = Lanes.Zero;
        for (var channel = 0; channel < channels; channel++)
        {
            var values = Lanes.Load(columns + (channel * stride));
            squares = Lanes.MultiplyAdd(values, values, squares);
        }
        var length = Lanes.Sqrt(squares);
        (length * _problem.Scale).Store(Bounds + row);
        var inverse = Lanes.One / Lanes.Max(length, Lanes.Create(AttentionProblem.ShortestKey));
        inverse.Store(InverseLengths + row);
        var factor = inverse * _problem.Scale;
        for (var channel = 0; channel < channels; channel++)
        {
            var values = columns + (channel * stride);
            (Lanes.Load(values) * factor).Store(values);
        }
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

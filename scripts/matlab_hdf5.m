% Replacements for MATLAB's HDF5 functions if Octave has none, to run the MATLAB code of docs/languages.md. They behave as
% MATLAB documents, using scripts/matlab_hdf5.py and h5py: an array of size [a b c] is (c, b, a) in the file, and vice versa.
1;

function out = hdf5_call(varargin)
  given = sprintf(' ''%s''', varargin{:});
  [code, out] = system(['''' getenv('STRFFIT_PYTHON') ''' scripts/matlab_hdf5.py' given]);
  if code != 0, error('%s', out); end
end

function h5create(file, path, sizes, varargin)
  hdf5_call('create', file, path, varargin{2}, num2str(sizes, '%d '));
end

function h5write(file, path, x)
  name = tempname();
  handle = fopen(name, 'w');
  if iscellstr(x), fprintf(handle, '%s\n', x{:}); else, fwrite(handle, double(x), 'double'); end
  fclose(handle);
  hdf5_call('write', file, path, name, num2str(size(x), '%d '));
  delete(name);
end

function x = hdf5_value(varargin)
  name = tempname();
  words = strsplit(strtrim(hdf5_call(varargin{:}, name)));
  if strcmp(words{1}, 'text')
    lines = strsplit(fileread(name), "\n");
    x = lines(1:end - 1)';
  else
    handle = fopen(name);
    x = cast(fread(handle, Inf, 'double'), words{1});
    fclose(handle);
    sizes = cellfun(@str2double, words(2:end));
    x = reshape(x, [sizes, ones(1, max(0, 2 - numel(sizes)))]);
  end
  delete(name);
end

function x = h5read(file, path)
  x = hdf5_value('read', file, path);
end

function h5writeatt(file, path, name, value)
  if ischar(value)
    hdf5_call('set_text', file, path, name, value);
  else
    hdf5_call('set_number', file, path, name, num2str(value, 17));
  end
end

function x = h5readatt(file, path, name)
  x = hdf5_value('attribute', file, path, name);
end

function info = h5info(file, path)
  names = strsplit(strtrim(hdf5_call('groups', file, path)), "\n");
  info.Groups = cell2struct(names, {'Name'}, 1);
end

function x = string(x)
end
